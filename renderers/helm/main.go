//go:build wasip1

// Command helm is Helm as a renderer: `helm template` of a chart of the snapshot, as objects.
// It is a WASI reactor; what it can reach is in package host.
//
// The engine, the values and the dependencies are Helm's own packages; pkg/action and pkg/cmd,
// which tie them together and need client-go, are followed here step by step.
package main

import (
	"io"
	"log"
	"log/slog"

	"mooring.dev/renderers/host"
)

func main() {}

// Of most renders. What there is more of is cleared after each.
const roomBytes = 4 << 20

func init() {
	// Helm's warnings have no reader here, and a line of the log would ask for the time.
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	host.MakeRoom(roomBytes)
}

type request struct {
	Path                    string         `json:"path"`
	ReleaseName             string         `json:"releaseName"`
	Namespace               string         `json:"namespace"`
	KubeVersion             string         `json:"kubeVersion"`
	APIVersions             []string       `json:"apiVersions"`
	ValueFiles              []string       `json:"valueFiles"`
	IgnoreMissingValueFiles bool           `json:"ignoreMissingValueFiles"`
	Values                  map[string]any `json:"values"`
	Parameters              []parameter    `json:"parameters"`
	SkipCRDs                bool           `json:"skipCrds"`
	SkipSchemaValidation    bool           `json:"skipSchemaValidation"`
	SkipTests               bool           `json:"skipTests"`
}

type parameter struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	ForceString bool   `json:"forceString"`
}

//go:wasmexport render
func render() {
	host.Run(func() error {
		var asked request
		if err := host.Request(&asked); err != nil {
			return err
		}
		manifests, err := renderChart(&asked)
		if err != nil {
			return err
		}
		for _, manifest := range manifests {
			host.Object(manifest.json, manifest.origin)
		}
		return nil
	})
}
