package exchange

import (
	"maps"
	"slices"
)

// Explained lists the places of the format that have an explanation, sorted.
func Explained() []string { return slices.Sorted(maps.Keys(meanings)) }
