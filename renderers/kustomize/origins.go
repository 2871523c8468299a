//go:build wasip1

package main

import (
	"bytes"
	"strings"
)

// named is an object as a file in Git names it, before prefixes, suffixes and hashes.
type named struct{ kind, name string }

// origins says which file an object was first seen in. kustomize's own origin annotations are
// not asked for: they take part in the build. So the files that were read, bases before their
// patches, are looked through for `kind` and `metadata.name` as people and tools write them;
// what is written in another way, or generated, is missing.
func (f *filesystem) origins() map[named]string {
	found := map[named]string{}
	for _, file := range f.read {
		if file.kustomization {
			continue
		}
		var at named
		var inMetadata bool
		keep := func() {
			if _, known := found[at]; !known && at.kind != "" && at.name != "" {
				found[at] = file.path
			}
			at, inMetadata = named{}, false
		}
		for line := range bytes.Lines(file.bytes) {
			text := string(bytes.TrimRight(line, " \t\r\n"))
			switch {
			case strings.HasPrefix(text, "---"):
				keep()
			case strings.HasPrefix(text, "kind:"):
				at.kind = scalar(text[len("kind:"):])
			case text == "metadata:":
				inMetadata = true
			case inMetadata && at.name == "" && strings.HasPrefix(text, "  name:"):
				at.name = scalar(text[len("  name:"):])
			case text != "" && text[0] != ' ' && text[0] != '#':
				inMetadata = false
			}
		}
		keep()
	}
	return found
}

func scalar(text string) string {
	text, _, _ = strings.Cut(text, " #")
	return strings.Trim(strings.TrimSpace(text), `"'`)
}
