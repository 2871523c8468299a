//go:build tools

// Package etcd pins the store of the embedded control plane.
package etcd

import _ "go.etcd.io/etcd/server/v3"
