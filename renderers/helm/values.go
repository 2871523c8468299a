//go:build wasip1

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"mooring.dev/renderers/host"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// values merges what was asked for, the later over the earlier: value files, values,
// parameters. A chart's own values.yaml comes below them, by Helm.
func values(asked *request) (map[string]any, error) {
	merged := map[string]any{}
	for _, file := range asked.ValueFiles {
		text, kind := host.Read(file)
		if kind != host.File {
			if asked.IgnoreMissingValueFiles && kind == host.Missing {
				continue
			}
			return nil, host.Fail(host.PathNotFound, file, "the values file %s is missing; commit it, take it "+
				"out of valueFiles, or set ignoreMissingValueFiles", file)
		}
		parsed, err := loader.LoadValues(bytes.NewReader(text))
		if err != nil {
			return nil, host.Fail(host.InvalidManifest, file, "the values file %s is not understood: %s", file, err)
		}
		merged = loader.MergeMaps(merged, parsed)
	}
	merged = loader.MergeMaps(merged, asked.Values)
	// As `helm template` does, in whatever order they are given: --set first, then --set-string.
	for _, forceString := range []bool{false, true} {
		for _, parameter := range asked.Parameters {
			if parameter.ForceString != forceString {
				continue
			}
			if err := set(merged, parameter); err != nil {
				what := err.Error()
				if parameter.Value != "" {
					what = strings.ReplaceAll(what, parameter.Value, "...")
				}
				return nil, host.Fail(host.InvalidManifest, "", "the parameter %s is not understood by Helm's "+
					"--set: %s", parameter.Name, what)
			}
		}
	}
	return merged, nil
}

// commas finds each comma, and what a backslash escapes already.
var commas = regexp.MustCompile(`(?s)\\.|,`)

// set sets one parameter. A comma in its value is part of it, as in Argo CD's parameters, and
// does not begin another parameter; a value in braces is Helm's list.
func set(into map[string]any, parameter parameter) error {
	value := parameter.Value
	if !strings.HasPrefix(value, "{") || !strings.HasSuffix(value, "}") {
		value = commas.ReplaceAllStringFunc(value, func(found string) string {
			if found == "," {
				return `\,`
			}
			return found
		})
	}
	assignment := fmt.Sprintf("%s=%s", parameter.Name, value)
	if parameter.ForceString {
		return strvals.ParseIntoString(assignment, into)
	}
	return strvals.ParseInto(assignment, into)
}
