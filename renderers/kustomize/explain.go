//go:build wasip1

package main

import (
	"errors"
	"net/http"
	"os/exec"
	"path"
	"regexp"
	"strings"

	"mooring.dev/renderers/host"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// refusing is kustomize's way to the network: there is none.
type refusing struct{ url string }

// RoundTrip implements http.RoundTripper.
func (r *refusing) RoundTrip(asked *http.Request) (*http.Response, error) {
	if r.url == "" {
		r.url = asked.URL.String()
	}
	return nil, errors.New("there is no network")
}

// explain says what a person can do about an error of kustomize's.
func explain(err error, at string, files *filesystem, remote *refusing) error {
	text := err.Error()
	file := files.kustomization(files.innermost(text, at))
	switch {
	case remote.url != "":
		return refusal(files.mentioning(remote.url, file), remote.url)
	case errors.Is(err, exec.ErrNotFound) || strings.Contains(text, "no 'git' program on path"):
		file, from := files.firstRemote(file)
		return refusal(file, from)
	case strings.Contains(text, "must specify --enable-helm"):
		file = files.mentioning("helmChart", file)
		return host.Fail(host.Unsupported, file, "%s inflates a Helm chart (helmCharts), which is not "+
			"done inside a kustomization; deploy the chart as an application of its own, with "+
			"spec.source.helm (charts of remote repositories come with the sources of charts)", file)
	case types.IsErrOnlyBuiltinPluginsAllowed(err) || strings.Contains(text, "external plugins disabled"):
		return host.Fail(host.Unsupported, file, "%s uses a plugin that is not built into kustomize "+
			"(%s); plugins, functions in containers and programs are never run: use the built-in "+
			"generators and transformers, or commit what the plugin generates", file, readable(innermostCause(text)))
	case strings.Contains(text, "unable to find one of"):
		return host.Fail(host.PathNotFound, file, "%s", readable(text))
	}
	if found := missing.FindStringSubmatch(text); found != nil {
		name := readable(found[1] + found[2])
		if name == at {
			return host.Fail(host.PathNotFound, name, "%s does not exist; correct the path of the application", name)
		}
		return host.Fail(host.PathNotFound, file, "%s refers to %q, which does not exist; commit it, or take "+
			"it out of the kustomization", file, name)
	}
	return host.Fail(host.InvalidManifest, file, "%s: %s", file, readable(text))
}

func refusal(file, from string) error {
	return host.Fail(host.SourceRefused, file, "%s refers to %q, which is not fetched while rendering; "+
		"commit what it refers to into this repository and refer to it by a relative path", file, from)
}

// missing is how kustomize says that a file or a directory is not there.
var missing = regexp.MustCompile(`read (` + root + `[^\n]*?): file does not exist|'(` + root + `[^'\n]*)' doesn't exist`)

// innermost is the directory of the innermost kustomization that an error's text names as the one
// that was built.
func (f *filesystem) innermost(text, otherwise string) string {
	last, at := otherwise, -1
	for _, file := range f.read {
		if !file.kustomization {
			continue
		}
		directory := path.Dir(file.path)
		for _, before := range []string{"of path", "for path"} {
			named := before + " '" + absolute(directory) + "'"
			if found := strings.LastIndex(text, named); found > at {
				last, at = directory, found
			}
		}
	}
	return last
}

// mentioning is the kustomization that was read last of those that hold a text.
func (f *filesystem) mentioning(text, otherwise string) string {
	for at := len(f.read) - 1; at >= 0; at-- {
		if f.read[at].kustomization && strings.Contains(string(f.read[at].bytes), text) {
			return f.read[at].path
		}
	}
	return otherwise
}

var remoteBase = regexp.MustCompile(`(?i)^(git::|[a-z]+://|github\.com[/:]|[a-z][a-z0-9-]*@)`)

// firstRemote is the kustomization that refers to a remote base, and how.
func (f *filesystem) firstRemote(otherwise string) (string, string) {
	for at := len(f.read) - 1; at >= 0; at-- {
		if !f.read[at].kustomization {
			continue
		}
		var refers struct {
			Resources, Bases, Components, Generators, Transformers, Validators []string
		}
		// One that is not understood was not followed either.
		_ = yaml.Unmarshal(f.read[at].bytes, &refers)
		for _, list := range [][]string{refers.Resources, refers.Bases, refers.Components,
			refers.Generators, refers.Transformers, refers.Validators} {
			for _, from := range list {
				if remoteBase.MatchString(from) {
					return f.read[at].path, from
				}
			}
		}
	}
	return otherwise, "a remote base"
}

func innermostCause(text string) string {
	return text[strings.LastIndex(text, ": ")+1:]
}

// quoting is where kustomize quotes what it was given: literals of Secrets, patches of them.
var quoting = []struct {
	text    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile("(?s) with config: `.*?\n`"), ""},
	{regexp.MustCompile(`(?s)literal sources \[.*\]: invalid literal source .*, expected key=value`),
		"a literal is not of the form key=value"},
	{regexp.MustCompile(`(?s)unable to parse SM or JSON patch from \[.*\]`),
		"it is neither a strategic merge patch nor a JSON patch"},
	{regexp.MustCompile(`(?s)(expected \w+ but got \w+): node contents:\n.*`), "$1"},
	{regexp.MustCompile(`(?s)(is out of bounds for value) .*`), "$1"},
	{regexp.MustCompile(`(?s)line \[[0-9 ]*\] (has invalid utf8 bytes) : .*`), "a line $1"},
	{regexp.MustCompile(`(?s)(accumulating resources from) '[^'\n]*\n.*`), "$1 what is written in place: only paths are taken"},
	// And its own structures, with addresses in memory that are others each time.
	{regexp.MustCompile(`merging from generator &\{[^{}]*\}`), "merging what a generator made"},
	{regexp.MustCompile(`id resid\.ResId\{.*?Kind:"([^"]*)".*?Name:"([^"]*)".*?\}`), "$1 $2"},
	{regexp.MustCompile(`\(?0x[0-9a-f]{6,}\)?`), "..."},
}

// Each resource is tried as a file first, then as a directory, and both failures are told. The
// first says nothing of a directory, the second nothing of a file.
var (
	triedAsFile      = regexp.MustCompile(`accumulation err='accumulating resources from '[^']*': read [^']*: is a directory': `)
	triedAsDirectory = regexp.MustCompile(`accumulation err='(accumulating resources from '[^']*': .*)': must build at directory: '[^']*': file is not directory`)
)

// readable is an error's text with the paths of the snapshot, and without what it quotes.
func readable(text string) string {
	text = triedAsFile.ReplaceAllString(text, "")
	text = triedAsDirectory.ReplaceAllString(text, "$1")
	for _, each := range quoting {
		text = each.text.ReplaceAllString(text, each.instead)
	}
	text = strings.ReplaceAll(text, root+"/", "")
	return strings.TrimSpace(strings.ReplaceAll(text, root, "the root of the repository"))
}
