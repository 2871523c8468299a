//go:build wasip1

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"mooring.dev/renderers/host"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"
)

var byteOrderMark = []byte{0xEF, 0xBB, 0xBF}

// load reads a chart, and its files, as Helm's loader.LoadDir does, which reads a disk.
func load(at string) (*chart.Chart, []*archive.BufferedFile, error) {
	rules := ignore.Empty()
	if text, kind := host.Read(path.Join(at, ignore.HelmIgnore)); kind == host.File {
		parsed, err := ignore.Parse(bytes.NewReader(text))
		if err != nil {
			file := path.Join(at, ignore.HelmIgnore)
			return nil, nil, host.Fail(host.InvalidManifest, file, "%s: %s", file, err)
		}
		rules = parsed
	}
	rules.AddDefaults()
	var files []*archive.BufferedFile
	if err := collect(at, "", rules, &files); err != nil {
		return nil, nil, err
	}
	manifest := path.Join(at, "Chart.yaml")
	if !slices.ContainsFunc(files, func(file *archive.BufferedFile) bool { return file.Name == "Chart.yaml" }) {
		return nil, nil, host.Fail(host.PathNotFound, manifest, "%s is missing, so there is no chart to render; "+
			"correct the path of the application", manifest)
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		file, what := manifest, err.Error()
		if rest, ok := strings.CutPrefix(what, "cannot load "); ok {
			name, why, _ := strings.Cut(rest, ": ")
			file = path.Join(at, name)
			what = file + ": " + why
		}
		return nil, nil, host.Fail(host.InvalidManifest, file, "the chart of %s is not understood: %s", manifest, what)
	}
	inOrder(loaded)
	return loaded, files, nil
}

// inOrder sorts subcharts, which Helm's loader leaves in the random order of a Go map; those
// that Chart.yaml declares are put into its order later, by Helm.
func inOrder(loaded *chart.Chart) {
	subcharts := slices.Clone(loaded.Dependencies())
	slices.SortStableFunc(subcharts, func(a, b *chart.Chart) int {
		if order := strings.Compare(a.Name(), b.Name()); order != 0 {
			return order
		}
		return strings.Compare(a.Metadata.Version, b.Metadata.Version)
	})
	loaded.SetDependencies(subcharts...)
	for _, subchart := range subcharts {
		inOrder(subchart)
	}
}

func collect(at, below string, rules *ignore.Rules, files *[]*archive.BufferedFile) error {
	names, kind := host.List(path.Join(at, below))
	if kind != host.Directory {
		return host.Fail(host.PathNotFound, at, "%s is not a directory of a chart; correct the path of the application", at)
	}
	for _, listed := range names {
		name, isDirectory := strings.CutSuffix(listed, "/")
		inChart := path.Join(below, name)
		if rules.Ignore(inChart, entry{name, isDirectory}) {
			continue
		}
		if isDirectory {
			if err := collect(at, inChart, rules, files); err != nil {
				return err
			}
			continue
		}
		data, kind := host.Read(path.Join(at, inChart))
		if kind != host.File {
			file := path.Join(at, inChart)
			return host.Fail(host.PathNotFound, file, "%s is listed but is no file", file)
		}
		*files = append(*files, &archive.BufferedFile{Name: inChart, Data: bytes.TrimPrefix(data, byteOrderMark)})
	}
	return nil
}

// entry is what .helmignore's rules ask of a file: its name, and whether it is a directory.
type entry struct {
	name        string
	isDirectory bool
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return 0 }
func (e entry) ModTime() time.Time { return time.Time{} }
func (e entry) IsDir() bool        { return e.isDirectory }
func (e entry) Sys() any           { return nil }
func (e entry) Mode() fs.FileMode {
	if e.isDirectory {
		return fs.ModeDir
	}
	return 0
}

// installable is what `helm template` asks of a chart before it renders it.
func installable(loaded *chart.Chart, at string) error {
	manifest := path.Join(at, "Chart.yaml")
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return host.Fail(host.Unsupported, manifest, "%s: %s charts are not installable; "+
			"deploy a chart that depends on it", manifest, kind)
	}
	var missing []string
	for _, wanted := range loaded.Metadata.Dependencies {
		if wanted == nil {
			return errors.New(manifest + ": an entry of dependencies is empty")
		}
		vendored := func(subchart *chart.Chart) bool { return subchart.Name() == wanted.Name }
		if !slices.ContainsFunc(loaded.Dependencies(), vendored) {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) > 0 {
		return host.Fail(host.SourceRefused, manifest, "found in %s, but missing in %s: %s; commit what "+
			"`helm dependency build` puts there (dependencies are not fetched while rendering)",
			manifest, path.Join(at, "charts/"), strings.Join(missing, ", "))
	}
	return nil
}
