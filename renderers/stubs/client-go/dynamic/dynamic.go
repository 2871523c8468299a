// Package dynamic stands in for client-go's: what the `lookup` of Helm's engine compiles
// against. Without a cluster the engine's own `lookup` answers with an empty map.
package dynamic

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// Interface finds the client of a resource.
type Interface interface {
	Resource(schema.GroupVersionResource) NamespaceableResourceInterface
}

// ResourceInterface reads the objects of a resource.
type ResourceInterface interface {
	Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error)
	List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error)
}

// NamespaceableResourceInterface is a ResourceInterface that can be narrowed to a namespace.
type NamespaceableResourceInterface interface {
	Namespace(string) ResourceInterface
	ResourceInterface
}

// NewForConfig always fails.
func NewForConfig(*rest.Config) (Interface, error) {
	return nil, errors.New("a renderer reaches no cluster")
}
