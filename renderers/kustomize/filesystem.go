//go:build wasip1

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mooring.dev/renderers/host"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// root is where kustomize, which wants absolute paths, finds the snapshot. It is taken out of
// its messages again, so it has to look like nobody's path.
const root = "/@snapshot"

// As on Linux.
const longestPath = 4096

const shownOfPath = 80

func absolute(rooted string) string { return path.Join(root, rooted) }

// rooted turns kustomize's path into the snapshot's. One outside of it starts with `..`.
func rooted(absolute string) string {
	clean := path.Clean(absolute)
	switch {
	case clean == root:
		return ""
	case strings.HasPrefix(clean, root+"/"):
		return clean[len(root)+1:]
	default:
		return ".." + clean
	}
}

// at is the path of the snapshot. One that no file of a repository can have ends the render here:
// the host refuses it as well, and cannot say which kustomization it comes from.
func (f *filesystem) at(name string) string {
	at := rooted(name)
	if strings.Contains(at, "\n") {
		// Something written in place, which was tried as a path.
		return "\n"
	}
	why := ""
	switch {
	case strings.HasPrefix(at, "../"):
		at, why = at[len(".."):], "outside of the repository"
	case strings.ContainsAny(at, "\\\x00"):
		why = "which has a backslash or a NUL in it"
	case len(at) > longestPath:
		at, why = at[:shownOfPath], "which goes on and is too long"
	default:
		return at
	}
	file := f.mentioning(path.Base(at), f.mentioning("", konfig.DefaultKustomizationFileName()))
	panic(host.Fail(host.InvalidManifest, file, "%s refers to %q, %s; only files of the repository "+
		"can be read, by relative paths", file, at, why))
}

// filesystem is the snapshot as kustomize sees it, and the files that it read of it, in order.
type filesystem struct {
	read []read
	// ownSchema is whether a kustomization brings a schema of its own.
	ownSchema bool
}

type read struct {
	path          string
	bytes         []byte
	kustomization bool
}

var errReadOnly = errors.New("the snapshot is not written to")

// ReadFile implements filesys.FileSystem.
func (f *filesystem) ReadFile(name string) ([]byte, error) {
	at := f.at(name)
	content, kind := host.Read(at)
	switch kind {
	case host.File:
		isKustomization := slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(at))
		f.read = append(f.read, read{at, content, isKustomization})
		if isKustomization && bytes.Contains(content, []byte("openapi")) {
			f.expectSchema()
		}
		return content, nil
	case host.Directory:
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	default:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
}

// CleanedAbs implements filesys.FileSystem.
func (f *filesystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	clean := path.Clean(name)
	switch host.Stat(f.at(clean)) {
	case host.Directory:
		return filesys.ConfirmedDir(clean), "", nil
	case host.File:
		return filesys.ConfirmedDir(path.Dir(clean)), path.Base(clean), nil
	default:
		return "", "", fmt.Errorf("'%s' doesn't exist", clean)
	}
}

// Exists implements filesys.FileSystem.
func (f *filesystem) Exists(name string) bool { return host.Stat(f.at(name)) != host.Missing }

// IsDir implements filesys.FileSystem.
func (f *filesystem) IsDir(name string) bool { return host.Stat(f.at(name)) == host.Directory }

// RemoveAll implements filesys.FileSystem. kustomize cleans up with it after a remote base that
// it did not get.
func (f *filesystem) RemoveAll(string) error { return nil }

// ReadDir implements filesys.FileSystem; kustomize's own code does not call it, nor the ones
// that follow.
func (f *filesystem) ReadDir(name string) ([]string, error) {
	names, kind := host.List(f.at(name))
	if kind != host.Directory {
		return nil, &fs.PathError{Op: "list", Path: name, Err: fs.ErrNotExist}
	}
	for at, name := range names {
		names[at] = strings.TrimSuffix(name, "/")
	}
	return names, nil
}

// Open implements filesys.FileSystem.
func (f *filesystem) Open(string) (filesys.File, error) { return nil, errors.ErrUnsupported }

// Glob implements filesys.FileSystem.
func (f *filesystem) Glob(string) ([]string, error) { return nil, errors.ErrUnsupported }

// Walk implements filesys.FileSystem.
func (f *filesystem) Walk(string, filepath.WalkFunc) error { return errors.ErrUnsupported }

// Create implements filesys.FileSystem.
func (f *filesystem) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir implements filesys.FileSystem.
func (f *filesystem) Mkdir(string) error { return errReadOnly }

// MkdirAll implements filesys.FileSystem.
func (f *filesystem) MkdirAll(string) error { return errReadOnly }

// WriteFile implements filesys.FileSystem.
func (f *filesystem) WriteFile(string, []byte) error { return errReadOnly }

// kustomization is the path of the kustomization file of a directory, or of what it would be.
func (f *filesystem) kustomization(directory string) string {
	for _, file := range f.read {
		if file.kustomization && path.Dir(file.path) == path.Clean(directory) {
			return file.path
		}
	}
	return path.Join(directory, konfig.DefaultKustomizationFileName())
}

// expectSchema drops the built-in schema: kustomize adds a kustomization's own to what is parsed,
// and in a process that has just begun that is nothing.
func (f *filesystem) expectSchema() {
	if !f.ownSchema {
		f.ownSchema = true
		openapi.ResetOpenAPI()
	}
}

// forget drops a kustomization's own schema, which kustomize would keep for the next build.
func (f *filesystem) forget() {
	if f.ownSchema {
		openapi.ResetOpenAPI()
	}
}
