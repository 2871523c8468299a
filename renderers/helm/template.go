//go:build wasip1

package main

import (
	"context"
	"path"
	"strings"

	"mooring.dev/renderers/host"

	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

// renderChart is `helm template --include-crds`.
func renderChart(asked *request) (_ []manifest, err error) {
	var quotable secrets
	defer func() { err = quotable.hiddenIn(err) }()
	loaded, files, err := load(asked.Path)
	if err != nil {
		return nil, err
	}
	quotable.ofChart(loaded)
	if err := installable(loaded, asked.Path); err != nil {
		return nil, err
	}
	given, err := values(asked)
	if err != nil {
		return nil, err
	}
	quotable.of(given, false)
	file := path.Join(asked.Path, "Chart.yaml")
	if err := chartutil.ProcessDependencies(loaded, given); err != nil {
		return nil, host.Fail(host.InvalidManifest, file, "%s: chart dependencies processing failed: %s", file, err)
	}
	capabilities, err := capabilities(asked)
	if err != nil {
		return nil, err
	}
	toRender, err := renderValues(asked, loaded, given, capabilities)
	if err != nil {
		return nil, err
	}
	if wanted := loaded.Metadata.KubeVersion; wanted != "" &&
		!chartutil.IsCompatibleRange(wanted, capabilities.KubeVersion.String()) {
		return nil, host.Fail(host.Unsupported, file, "%s: chart requires kubeVersion: %s which is incompatible "+
			"with Kubernetes %s", file, wanted, capabilities.KubeVersion.Version)
	}
	renderer := engine.Engine{CustomTemplateFuncs: functions()}
	rendered, err := renderer.RenderWithContext(context.Background(), loaded, toRender)
	origins := originsOf(loaded, asked.Path, files)
	if err != nil {
		return nil, origins.failure(err)
	}
	return manifests(asked, loaded, rendered, origins)
}

// capabilities are those of the cluster, not, as without `--api-versions`, those that Helm was
// built with.
func capabilities(asked *request) (*common.Capabilities, error) {
	found := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(asked.KubeVersion)
	if err != nil {
		return nil, host.Fail(host.Unsupported, "", "invalid kube version '%s': %s", asked.KubeVersion, err)
	}
	found.KubeVersion = *version
	found.APIVersions = asked.APIVersions
	return found, nil
}

func renderValues(
	asked *request, loaded *chart.Chart, given map[string]any, capabilities *common.Capabilities,
) (common.Values, error) {
	release := common.ReleaseOptions{
		Name:      asked.ReleaseName,
		Namespace: asked.Namespace,
		Revision:  1,
		IsInstall: true,
	}
	toRender, err := commonutil.ToRenderValuesWithSchemaValidation(loaded, given, release, capabilities, asked.SkipSchemaValidation)
	if err == nil {
		return toRender, nil
	}
	file := path.Join(asked.Path, "values.schema.json")
	if strings.Contains(err.Error(), "HTTP request failed for ") {
		return nil, host.Fail(host.SourceRefused, file, "the schema of the chart %s refers to another on the "+
			"network, which is not fetched while rendering; put it into values.schema.json, or set "+
			"skipSchemaValidation", path.Join(asked.Path, "Chart.yaml"))
	}
	return nil, host.Fail(host.InvalidManifest, file, "the values of the chart %s: %s", path.Join(asked.Path, "Chart.yaml"), err)
}
