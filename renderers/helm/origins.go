//go:build wasip1

package main

import (
	"path"
	"regexp"
	"strings"

	"mooring.dev/renderers/host"
)

// origins turns Helm's names of templates, which begin with the chart's name, into paths of the
// snapshot.
type origins struct {
	chart string
	at    string
}

func (o origins) of(name string) string {
	return path.Join(o.at, strings.TrimPrefix(name, o.chart+"/"))
}

var location = regexp.MustCompile(`\(?([^\s():"]+):\d+(?::\d+)?`)

// failure is an error of the engine, which begins with the template and its line.
func (o origins) failure(err error) error {
	text := strings.TrimSpace(err.Error())
	file := path.Join(o.at, "Chart.yaml")
	if found := location.FindStringSubmatch(text); found != nil && strings.HasPrefix(found[1], o.chart+"/") {
		file = o.of(found[1])
		text = strings.ReplaceAll(text, found[1], file)
	}
	return host.Fail(host.InvalidManifest, file, "%s", text)
}
