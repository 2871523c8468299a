//go:build wasip1

package main

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"mooring.dev/renderers/host"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// secrets are values of a chart that its errors must not quote.
type secrets []string

// secretKey is how charts name what nobody else may read.
var secretKey = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential|private|api_?key`)

// Shorter ones are words such as "yes", which would tear holes into every message.
const shortestSecret = 4

func (s *secrets) ofChart(loaded *chart.Chart) {
	s.of(loaded.Values, false)
	for _, subchart := range loaded.Dependencies() {
		s.ofChart(subchart)
	}
}

// of adds the texts below keys that name a secret; all texts, when the value is below one.
func (s *secrets) of(value any, secret bool) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			s.of(member, secret || secretKey.MatchString(key))
		}
	case []any:
		for _, item := range value {
			s.of(item, secret)
		}
	case string:
		if secret && len(value) >= shortestSecret {
			*s = append(*s, value)
		}
	}
}

const quoted = `"(?:[^"\\]|\\.)*"`

// quoting is where Go, Sprig and the schema's validator quote a value, whatever its name.
var quoting = []struct {
	text    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`parsing time ` + quoted + `( as ` + quoted + `: cannot parse )` + quoted),
		"parsing time ***$1***"},
	{regexp.MustCompile(`invalid duration ` + quoted), "invalid duration"},
	{regexp.MustCompile(`cannot parse template ` + quoted), "cannot parse template"},
	{regexp.MustCompile("(error parsing regexp: [^:`]+): `[^`]*`"), "$1"},
	{regexp.MustCompile(`(?s)(range can't iterate over) .*`), "$1 this value"},
	{regexp.MustCompile(`(?s)(type mismatch on [^:]*): %!t\(.*`), "$1: the value is no table"},
	{regexp.MustCompile(`tpl function execution for ` + quoted), "tpl function execution"},
	{regexp.MustCompile(`(strconv\.\w+: parsing) ` + quoted), "$1 ***"},
	{regexp.MustCompile(`(at '[^']*': )'(?:[^'\\]|\\.)*' (does not match|is not valid)`), "$1the value $2"},
}

// hiddenIn is the error without them.
func (s secrets) hiddenIn(err error) error {
	failure, ok := errors.AsType[*host.Failure](err)
	if !ok {
		return err
	}
	for _, each := range quoting {
		failure.Message = each.text.ReplaceAllString(failure.Message, each.instead)
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(s, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range s {
		failure.Message = strings.ReplaceAll(failure.Message, value, "***")
	}
	return failure
}
