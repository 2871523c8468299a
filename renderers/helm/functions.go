//go:build wasip1

package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"text/template"
	"time"
)

// functions replace those of Sprig whose outcome depends on what the host cannot give: Go's order
// of maps, math/rand, how long the module has run. Without them one chart renders in two ways.
func functions() template.FuncMap {
	return template.FuncMap{
		"keys":    keys,
		"now":     now,
		"values":  sortedValues,
		"randInt": randInt,
		"shuffle": shuffle,
	}
}

// now is Sprig's, without the reading of the monotonic clock, which Go prints with a time.
func now() time.Time { return time.Now().Round(0) }

// keys is Sprig's, with the keys of each dictionary sorted.
func keys(dictionaries ...map[string]any) []string {
	found := []string{}
	for _, dictionary := range dictionaries {
		found = append(found, slices.Sorted(maps.Keys(dictionary))...)
	}
	return found
}

// sortedValues is Sprig's `values`, in the order of the keys.
func sortedValues(dictionary map[string]any) []any {
	found := []any{}
	for _, key := range slices.Sorted(maps.Keys(dictionary)) {
		found = append(found, dictionary[key])
	}
	return found
}

// randInt is Sprig's: a number from low to below high, from the host's random numbers.
func randInt(low, high int) (int, error) {
	if high <= low {
		return 0, errors.New("randInt needs a maximum above the minimum")
	}
	return low + below(uint64(high)-uint64(low)), nil
}

// shuffle is Sprig's: the runes of a text in another order.
func shuffle(text string) string {
	runes := []rune(text)
	for at := len(runes) - 1; at > 0; at-- {
		other := below(uint64(at + 1))
		runes[at], runes[other] = runes[other], runes[at]
	}
	return string(runes)
}

func below(limit uint64) int {
	// The highest multiple of the limit: what is above would favour the low numbers.
	fair := ^uint64(0) - ^uint64(0)%limit
	for {
		var bytes [8]byte
		// It never fails.
		_, _ = rand.Read(bytes[:])
		if drawn := binary.LittleEndian.Uint64(bytes[:]); drawn < fair {
			return int(drawn % limit)
		}
	}
}
