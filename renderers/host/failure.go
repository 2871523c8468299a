//go:build wasip1

package host

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Code says which of the host's problems a failure is.
type Code string

// The codes of failures.
const (
	InvalidManifest Code = "InvalidManifest"
	Unsupported     Code = "Unsupported"
	PathNotFound    Code = "PathNotFound"
	SourceRefused   Code = "SourceRefused"
)

// Failure ends a render. Its message is for the person who wrote the files: it names the file
// and what to do, and holds no secret.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
}

func (f *Failure) Error() string { return f.Message }

// Fail makes a Failure.
func Fail(code Code, file, format string, args ...any) *Failure {
	return &Failure{Code: code, File: file, Message: fmt.Sprintf(format, args...)}
}

// Run does one render and tells the host of its failure, also when it panics. An error that is
// no Failure is one of the manifests'.
func Run(render func() error) {
	err := guarded(render)
	if err == nil {
		return
	}
	failure, ok := errors.AsType[*Failure](err)
	if !ok {
		failure = Fail(InvalidManifest, "", "%s", err)
	}
	failure.Message, failure.File = shortened(redacted(failure.Message)), redacted(failure.File)
	text, err := json.Marshal(failure)
	if err != nil {
		panic(err)
	}
	hostFail(string(text))
}

func guarded(render func() error) (err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case *Failure:
			err = reason
		default:
			err = Fail(InvalidManifest, "", "the renderer gave up: %v", reason)
		}
	}()
	return render()
}
