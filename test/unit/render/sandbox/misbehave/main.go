// Misbehave is a renderer that does what its request says: what no real one should.
package main

import (
	crand "crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
	"unsafe"
)

//go:wasmimport mooring request
func hostRequest(ptr unsafe.Pointer, length uint32) int32

//go:wasmimport mooring stat
func hostStat(ptr unsafe.Pointer, length uint32) int32

//go:wasmimport mooring read
func hostRead(ptr unsafe.Pointer, length uint32) int32

//go:wasmimport mooring list
func hostList(ptr unsafe.Pointer, length uint32) int32

//go:wasmimport mooring take
func hostTake(ptr unsafe.Pointer)

//go:wasmimport mooring object
func hostObject(json unsafe.Pointer, jsonLength uint32, origin unsafe.Pointer, originLength uint32)

//go:wasmimport mooring depends
func hostDepends(what uint32)

//go:wasmimport mooring fail
func hostFail(ptr unsafe.Pointer, length uint32)

type step struct {
	Do     string
	Text   string
	Origin string
	Count  int
}

// State that outlives a render, as a renderer's caches do.
var (
	renders int
	held    [][]byte
)

func main() {}

//go:wasmexport render
func render() {
	renders++
	buffer := make([]byte, hostRequest(nil, 0))
	hostRequest(unsafe.Pointer(unsafe.SliceData(buffer)), uint32(len(buffer)))
	var request struct{ Steps []step }
	if err := json.Unmarshal(buffer, &request); err != nil {
		fail("InvalidManifest", err.Error(), "")
		return
	}
	for _, s := range request.Steps {
		if !s.run() {
			return
		}
	}
}

func (s step) run() bool {
	switch s.Do {
	case "object":
		object(s.Text, s.Origin)
	case "objects":
		for i := range s.Count {
			object(configMap(fmt.Sprint("o", i), s.Text), s.Origin)
		}
	case "large":
		say("large", strings.Repeat("x", s.Count))
	case "deep":
		object(strings.Repeat("[", s.Count)+strings.Repeat("]", s.Count), s.Origin)
	case "renders":
		say("renders", fmt.Sprint(renders))
	case "random":
		bytes := make([]byte, 16)
		crand.Read(bytes)
		say("random", hex.EncodeToString(bytes))
	case "mathrand":
		hostDepends(1)
		say("mathrand", fmt.Sprint(rand.Uint64()))
	case "clock":
		say("clock", time.Now().UTC().Format(time.RFC3339Nano))
	case "uptime":
		_, uptime, _ := strings.Cut(time.Now().String(), "m=")
		say("uptime", uptime)
	case "declared-clock":
		hostDepends(2)
	case "sleep":
		start := time.Now()
		time.Sleep(time.Duration(s.Count) * time.Second)
		say("sleep", fmt.Sprint(time.Since(start) >= time.Duration(s.Count)*time.Second))
	case "elapsed":
		start := time.Now()
		say("elapsed", fmt.Sprint(time.Since(start)))
	case "garbage":
		for range s.Count {
			held = [][]byte{make([]byte, 1<<20)}
		}
	case "hold":
		for range s.Count {
			chunk := make([]byte, 1<<20)
			for i := 0; i < len(chunk); i += 4096 {
				chunk[i] = 1
			}
			held = append(held, chunk)
		}
	case "loop":
		for renders > 0 {
		}
	case "panic":
		panic(s.Text)
	case "stderr":
		for range s.Count {
			fmt.Fprintln(os.Stderr, s.Text)
		}
	case "exit":
		os.Exit(s.Count)
	case "stack":
		say("stack", fmt.Sprint(recurse(1)))
	case "deadlock":
		<-make(chan int)
	case "environment":
		_, err := os.ReadFile("/etc/passwd")
		say("environment", fmt.Sprint(os.Args, " ", os.Environ(), " ", err))
	case "stat":
		say("stat", fmt.Sprint(hostStat(text(s.Text))))
	case "read":
		say("read", taken(hostRead(text(s.Text))))
	case "list":
		say("list", taken(hostList(text(s.Text))))
	case "fail":
		fail(s.Origin, s.Text, "some/file.yaml")
		return false
	case "outside":
		hostTake(unsafe.Pointer(uintptr(0xfffffff0)))
	}
	return true
}

func recurse(n int) int {
	if n == 0 {
		return 0
	}
	return recurse(n+1) + 1
}

func text(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

func taken(length int32) string {
	if length < 0 {
		return fmt.Sprint(length)
	}
	buffer := make([]byte, length)
	hostTake(unsafe.Pointer(unsafe.SliceData(buffer)))
	return strings.ReplaceAll(string(buffer), "\x00", "|")
}

func configMap(name, value string) string {
	text, _ := json.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": name},
		"data":       map[string]any{"value": value},
	})
	return string(text)
}

func say(name, value string) {
	object(configMap(name, value), "said.yaml")
}

func object(json, origin string) {
	j, jl := text(json)
	o, ol := text(origin)
	hostObject(j, jl, o, ol)
}

func fail(code, message, file string) {
	b, _ := json.Marshal(map[string]string{"code": code, "message": message, "file": file})
	hostFail(unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)))
}
