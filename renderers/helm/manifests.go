//go:build wasip1

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/renderers/host"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

// manifest is one document that a chart rendered to.
type manifest struct {
	json   []byte
	origin string
	kind   string
}

// manifests puts what was rendered into the order of `helm template`: CRDs, manifests in the
// order of installation, hooks. Helm's own releaseutil.SortManifests is not called: it would
// parse each document once more, and it forgets where in a file a document began.
func manifests(asked *request, loaded *chart.Chart, rendered map[string]string, from origins) ([]manifest, error) {
	var crds, plain, hooks []manifest
	if !asked.SkipCRDs {
		for _, crd := range loaded.CRDObjects() {
			parsed, err := documents(string(crd.File.Data), from.of(crd.Filename))
			if err != nil {
				return nil, err
			}
			for _, document := range parsed {
				crds = append(crds, document.manifest)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if strings.HasSuffix(name, "NOTES.txt") || strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		parsed, err := documents(rendered[name], from.of(name))
		if err != nil {
			return nil, err
		}
		for _, document := range parsed {
			events, isHook := document.head.hookEvents()
			switch {
			case !isHook:
				plain = append(plain, document.manifest)
			case events == nil || asked.SkipTests && slices.Contains(events, "test"):
				// An event that Helm does not know: Helm drops the object.
			default:
				hooks = append(hooks, document.manifest)
			}
		}
	}
	return slices.Concat(crds, inInstallOrder(plain), inInstallOrder(hooks)), nil
}

// head is what the sorting reads of a document. Annotations may be of any type, as for Helm, which
// reads them as text: whether one is allowed is not for the sorting to say.
type head struct {
	Kind     string `json:"kind"`
	Metadata *struct {
		Annotations map[string]any `json:"annotations"`
	} `json:"metadata"`
}

var events = map[string]string{
	"pre-install": "pre-install", "post-install": "post-install",
	"pre-delete": "pre-delete", "post-delete": "post-delete",
	"pre-upgrade": "pre-upgrade", "post-upgrade": "post-upgrade",
	"pre-rollback": "pre-rollback", "post-rollback": "post-rollback",
	// Helm 2's name of it is still read.
	"test": "test", "test-success": "test",
}

// hookEvents are the events of a hook; none when one of them is unknown.
func (h *head) hookEvents() (found []string, isHook bool) {
	if h.Metadata == nil {
		return nil, false
	}
	// One of another type is for the API to refuse: dropped here, nobody would hear of the object.
	listed, isHook := h.Metadata.Annotations[release.HookAnnotation].(string)
	if !isHook {
		return nil, false
	}
	for name := range strings.SplitSeq(listed, ",") {
		event, known := events[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			return nil, true
		}
		found = append(found, event)
	}
	return found, true
}

type document struct {
	manifest
	head head
}

// documents splits a rendered file where Helm does (releaseutil.SplitManifests: also at a `---`
// that something follows) and parses it; empty documents are dropped.
func documents(text, origin string) ([]document, error) {
	var found []document
	for _, part := range split(text) {
		value, err := yaml.YAMLToJSON([]byte(part.text))
		if err != nil {
			return nil, host.Fail(host.InvalidManifest, origin, "%s renders to what is no YAML: %s", origin, part.place(err))
		}
		if bytes.Equal(value, []byte("null")) {
			continue
		}
		parsed := document{manifest: manifest{json: value, origin: origin}}
		if err := json.Unmarshal(value, &parsed.head); err != nil {
			return nil, host.Fail(host.InvalidManifest, origin, "%s renders to what is no object of "+
				"Kubernetes (from line %d of its output): %s", origin, part.line, mistyped(err))
		}
		parsed.kind = parsed.head.Kind
		found = append(found, parsed)
	}
	return found, nil
}

// mistyped is what is of another type than in every object of Kubernetes.
func mistyped(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	return cmp.Or(wrong.Field, "it") + " is of the type " + wrong.Value
}

var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

// part is one document of a rendered file.
type part struct {
	text string
	// line of the file where it begins, counted from 1
	line int
}

func split(text string) []part {
	var found []part
	begin := 0
	keep := func(end int) {
		document := text[begin:end]
		trimmed := strings.TrimLeft(document, " \t\r\n")
		if trimmed != "" {
			before := text[:begin+len(document)-len(trimmed)]
			found = append(found, part{trimmed, strings.Count(before, "\n") + 1})
		}
	}
	for _, at := range separator.FindAllStringIndex(text, -1) {
		keep(at[0])
		begin = at[1]
	}
	keep(len(text))
	return found
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// place is the parser's error with the line of the whole file, and that line.
func (p part) place(err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	found := yamlLine.FindStringSubmatch(text)
	if found == nil {
		return errors.New(text)
	}
	line, _ := strconv.Atoi(found[1])
	return errors.New(strings.Replace(text, found[0], "line "+strconv.Itoa(line+p.line-1)+" of its output", 1))
}

// inInstallOrder sorts by kind as releaseutil's sortManifestsByKind: kinds that Helm does not
// know come last, by name.
func inInstallOrder(found []manifest) []manifest {
	place := make(map[string]int, len(releaseutil.InstallOrder))
	for at, kind := range releaseutil.InstallOrder {
		place[kind] = at - len(releaseutil.InstallOrder)
	}
	slices.SortStableFunc(found, func(a, b manifest) int {
		// Known kinds have places below 0.
		if place[a.kind] != place[b.kind] {
			return place[a.kind] - place[b.kind]
		}
		return strings.Compare(a.kind, b.kind)
	})
	return found
}
