//go:build wasip1

package host

// The import module `mooring`, as src/render/sandbox provides it. A string is passed as its
// pointer and length.

//go:wasmimport mooring request
func hostRequest(to *byte, length uint32) int32

//go:wasmimport mooring stat
func hostStat(path string) int32

//go:wasmimport mooring read
func hostRead(path string) int32

//go:wasmimport mooring list
func hostList(path string) int32

//go:wasmimport mooring take
func hostTake(to *byte)

//go:wasmimport mooring object
func hostObject(json string, origin string)

//go:wasmimport mooring depends
func hostDepends(what uint32)

//go:wasmimport mooring fail
func hostFail(json string)
