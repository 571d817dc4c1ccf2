//go:build tools

// Package tools pins, in go.mod and go.sum, the one program that the toolchain builds from this module.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
