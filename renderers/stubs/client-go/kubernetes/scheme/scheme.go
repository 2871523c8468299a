// Package scheme stands in for client-go's: it knows no API group, since the API versions of
// Helm's capabilities are those of the cluster, which come with each request.
package scheme

import "k8s.io/apimachinery/pkg/runtime"

// Scheme is empty.
var Scheme = runtime.NewScheme()
