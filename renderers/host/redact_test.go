package host

import "testing"

func TestRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"from https://me:pass@a.example/x?ref=v1&token=t, now":    "from https://a.example/x?ref=v1 now",
		"'https:/me:p@ss@a.example/x' doesn't exist":              "'https:/a.example/x' doesn't exist",
		"[git@github.com:org/repo.git//base]":                     "[github.com:org/repo.git//base]",
		"path(token@github.com/org/repo//base)":                   "path(github.com/org/repo//base)",
		"https://a.example/x?token=t":                             "https://a.example/x",
		"https://a.example/x#t":                                   "https://a.example/x",
		"image a.example/app@sha256:0123 of me@example.com":       "image a.example/app@sha256:0123 of me@example.com",
		"read deploy/me:token@github.com/org: file doesn't exist": "read deploy/github.com/org: file doesn't exist",
		"line 4: cannot unmarshal !!str `hunter2` into map":       "line 4: cannot unmarshal !!str into map",
		"cannot decode !!str `hunter2` as a !!int":                "cannot decode !!str as a !!int",
		"yaml: unknown anchor 'hunter2' referenced":               "yaml: unknown anchor referenced (a text that begins with * belongs in quotes)",
	} {
		if got := redacted(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}
