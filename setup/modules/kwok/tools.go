//go:build tools

// Package kwok pins the simulated nodes of the embedded control plane.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
