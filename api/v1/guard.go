package v1

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
)

// Limits of what may be sent.
const (
	maxBody  = 256 << 10
	maxDepth = 16
)

// guardBody reads a body within its limits before anything parses it, and gives
// the request with it, or the problem: 413, 415, or 400 where it cannot be read or
// nests too deep.
func guardBody(w http.ResponseWriter, r *http.Request) (*http.Request, *Problem) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, refusal(http.StatusUnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refusal(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return nil, refusal(http.StatusBadRequest)
	}
	if depth(body) > maxDepth {
		return nil, newProblem(http.StatusBadRequest, "json_too_deep", "Le corps de la requête a trop de niveaux. Envoyez-en au plus 16.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

// depth gives how deep the brackets of a JSON text nest, without parsing it.
func depth(text []byte) int {
	deepest, now := 0, 0
	inString, escaped := false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
