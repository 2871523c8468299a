//go:build wasip1

package main

import (
	"path"
	"regexp"

	"mooring.dev/renderers/host"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// origins turns Helm's names of templates into paths of the snapshot. Helm calls a chart's
// directory by the chart's name, or by an alias.
type origins struct {
	at string
	// directories of the snapshot, by what Helm calls them.
	directories map[string]string
}

// originsOf knows a chart by its Chart.yaml, whose bytes Helm hands on as they are. One from an
// archive has no directory: it is told as one below `charts/`.
func originsOf(loaded *chart.Chart, at string, files []*archive.BufferedFile) origins {
	written := map[*byte]string{}
	for _, file := range files {
		if path.Base(file.Name) == "Chart.yaml" && len(file.Data) > 0 {
			written[&file.Data[0]] = path.Join(at, path.Dir(file.Name))
		}
	}
	found := origins{at, map[string]string{}}
	var follow func(each *chart.Chart, otherwise string)
	follow = func(each *chart.Chart, otherwise string) {
		directory := otherwise
		for _, file := range each.Raw {
			if file.Name == "Chart.yaml" && len(file.Data) > 0 {
				if known, ok := written[&file.Data[0]]; ok {
					directory = known
				}
			}
		}
		found.directories[each.ChartFullPath()] = directory
		for _, subchart := range each.Dependencies() {
			follow(subchart, path.Join(directory, "charts", subchart.Name()))
		}
	}
	follow(loaded, at)
	return found
}

// of is the path of a template; of anything else, what was given.
func (o origins) of(name string) string {
	found, _ := o.find(name)
	return found
}

func (o origins) find(name string) (string, bool) {
	for directory := path.Dir(name); directory != "." && directory != "/"; directory = path.Dir(directory) {
		if known, ok := o.directories[directory]; ok {
			return path.Join(known, name[len(directory):]), true
		}
	}
	return name, false
}

var (
	location = regexp.MustCompile(`([^\s():"]+):\d+`)
	word     = regexp.MustCompile(`[^\s():"<>]+/[^\s():"<>]+`)
)

// failure is an error of the engine, which begins with the template and its line.
func (o origins) failure(err error) error {
	text := err.Error()
	file := path.Join(o.at, "Chart.yaml")
	if at := location.FindStringSubmatch(text); at != nil {
		if template, ok := o.find(at[1]); ok {
			file = template
		}
	}
	return host.Fail(host.InvalidManifest, file, "%s", word.ReplaceAllStringFunc(text, o.of))
}
