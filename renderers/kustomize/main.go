//go:build wasip1

// Command kustomize is kustomize as a renderer: `kustomize build` of a directory of the
// snapshot, as objects. It is a WASI reactor; what it can reach is in package host.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"runtime/debug"

	"mooring.dev/renderers/host"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

func main() {}

func init() {
	warm()
	// Its warnings have no reader here, and a line of the log would ask for the time.
	log.SetOutput(io.Discard)
}

type request struct {
	Path string `json:"path"`
}

//go:wasmexport render
func render() {
	host.Run(func() error {
		var asked request
		if err := host.Request(&asked); err != nil {
			return err
		}
		files := &filesystem{}
		remote := &refusing{}
		http.DefaultTransport = remote
		defer files.forget()
		objects, err := build(files, asked.Path)
		if err != nil {
			return explain(err, asked.Path, files, remote)
		}
		return hand(objects, asked.Path, files)
	})
}

func build(files *filesystem, path string) (resmap.ResMap, error) {
	options := &krusty.Options{
		// As `kustomize build` has it by default: in the legacy order unless sortOptions says other.
		Reorder: krusty.ReorderOptionUnspecified,
		// What a kustomization may read is the host's decision.
		LoadRestrictions: types.LoadRestrictionsNone,
		PluginConfig:     types.DisabledPluginConfig(),
	}
	return krusty.MakeKustomizer(options).Run(files, absolute(path))
}

// hand hands over the objects as their YAML, printed by kustomize, would be read.
func hand(objects resmap.ResMap, path string, files *filesystem) error {
	origins := files.origins()
	for _, object := range objects.Resources() {
		var value map[string]any
		if err := object.YNode().Decode(&value); err != nil {
			return host.Fail(host.InvalidManifest, "", "%s cannot be written as YAML: %s", object.OrgId(), err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			return host.Fail(host.InvalidManifest, "", "%s cannot be written as JSON: %s", object.OrgId(), err)
		}
		id := object.OrgId()
		origin, ok := origins[named{id.Kind, id.Name}]
		if !ok {
			origin = files.kustomization(path)
		}
		host.Object(text, origin)
	}
	return nil
}

// Of most renders. What there is more of is cleared after each.
const roomBytes = 8 << 20

// warm parses the built-in schema, which takes longer than a render, before the first one. The
// garbage is collected more often meanwhile: a host may copy this memory for each render.
func warm() {
	percent := debug.SetGCPercent(100)
	openapi.Schema()
	host.MakeRoom(roomBytes)
	debug.SetGCPercent(percent)
}
