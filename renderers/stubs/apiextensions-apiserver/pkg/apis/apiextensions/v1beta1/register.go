// Package v1beta1 stands in for apiextensions-apiserver's: see the scheme of the client-go stub.
package v1beta1

import "k8s.io/apimachinery/pkg/runtime"

// AddToScheme adds nothing.
func AddToScheme(*runtime.Scheme) error { return nil }
