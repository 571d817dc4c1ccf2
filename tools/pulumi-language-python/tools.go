//go:build tools

// Package tools pins, in go.mod and go.sum, the one program that the toolchain builds from this module.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
