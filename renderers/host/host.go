//go:build wasip1

// Package host is all that a renderer can reach: one request, the files of one snapshot, and
// where its objects go. Paths are `/`-separated and start at the snapshot's root, which is "".
// A path that leaves the snapshot never comes back from here: the host ends the render.
package host

import (
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// Kind is what a path leads to.
type Kind int32

// The kinds of a path.
const (
	Missing Kind = iota
	File
	Directory
)

// Request decodes the request of this render.
func Request(into any) error {
	text := make([]byte, hostRequest(nil, 0))
	if len(text) > 0 {
		hostRequest(&text[0], uint32(len(text)))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the request of the render is not understood: %w", err)
	}
	return nil
}

// Stat says what is there.
func Stat(path string) Kind { return Kind(hostStat(path)) }

// Read returns the bytes of a file, and what is there when it is not a file.
func Read(path string) ([]byte, Kind) {
	switch length := hostRead(path); {
	case length >= 0:
		return take(length), File
	case length == -2:
		return nil, Directory
	default:
		return nil, Missing
	}
}

// List returns the names in a directory, sorted, those of directories with a trailing `/`; and
// what is there when it is not a directory.
func List(path string) ([]string, Kind) {
	switch length := hostList(path); {
	case length == 0:
		return nil, Directory
	case length > 0:
		return strings.Split(string(take(length)), "\x00"), Directory
	case length == -2:
		return nil, File
	default:
		return nil, Missing
	}
}

func take(length int32) []byte {
	bytes := make([]byte, length)
	if length > 0 {
		hostTake(&bytes[0])
	}
	return bytes
}

// Object hands over one object. Origin is the path of what it was rendered from.
func Object(json []byte, origin string) {
	hostObject(unsafe.String(unsafe.SliceData(json), len(json)), origin)
}

// DependsOnRandomness tells of randomness that the host cannot see itself.
func DependsOnRandomness() { hostDepends(1) }
