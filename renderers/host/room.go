//go:build wasip1

package host

import "runtime"

var room []byte

// MakeRoom has the memory that renders will need there before the first one. A memory that grows
// during each of them costs the host more than the render itself: it restores the memory after a
// render, the size stays, and the next one grows it again.
func MakeRoom(bytes int) {
	room = make([]byte, bytes)
	room = nil
	runtime.GC()
}
