package host

import (
	"strings"
	"testing"
)

func TestShortened(t *testing.T) {
	first := `template: bad.yaml:1:3: executing "bad.yaml" at <include "a" .>`
	again := `template: _h.tpl:1:19: executing "a" at <include "a" .>`
	cause := "rendering template has a nested reference name: a"
	long := strings.Repeat("é", longestMessage)
	for name, one := range map[string]struct{ text, want string }{
		"short":   {again + called + again, again + called + again},
		"chain":   {first + called + strings.Repeat(again+called, 999) + cause, first + called + again + called + cause},
		"nothing": {"", ""},
	} {
		if got := shortened(one.text); got != one.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, one.want)
		}
	}
	got := shortened("begins " + long + " the cause")
	if len(got) > longestMessage+5 || !strings.HasPrefix(got, "begins é") || !strings.HasSuffix(got, "é the cause") {
		t.Errorf("a long text keeps its ends: %q", got)
	}
}
