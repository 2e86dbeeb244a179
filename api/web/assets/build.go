package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// Build makes dist anew from src, both under dir (the path of api/web/assets).
// The result depends on the sources alone.
func Build(dir string) error {
	files, err := Results(dir)
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.MkdirAll(dist, 0o755); err != nil { //nolint:gosec // committed sources, readable by all
		return err
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dist, name), body, 0o644); err != nil { //nolint:gosec // committed, readable by all
			return err
		}
	}
	return nil
}

// Results computes every file of dist without writing any: name → content. A test
// compares them with what is committed.
func Results(dir string) (map[string][]byte, error) {
	b := builder{src: filepath.Join(dir, "src"), files: map[string][]byte{}, names: map[string]string{}}
	for _, step := range []func() error{b.fonts, b.sprite, b.styles, b.scripts, b.speculation, b.worker, b.index} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("assets: %w", err)
		}
	}
	return b.files, nil
}

// builder gathers results under their hashed names.
type builder struct {
	src   string
	files map[string][]byte // file name in dist → content
	names map[string]string // logical name → file name
}

// add stores one result under its hashed name, and its compressed forms where
// they are smaller (fonts are compressed already).
func (b *builder) add(logical string, body []byte) error {
	sum := sha256.Sum256(body)
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:10]
	ext := filepath.Ext(logical)
	name := strings.TrimSuffix(logical, ext) + "-" + hash + ext
	b.names[logical] = name
	return b.store(name, body)
}

func (b *builder) store(name string, body []byte) error {
	b.files[name] = body
	if filepath.Ext(name) == ".woff2" {
		return nil
	}
	var br, gz bytes.Buffer
	w := brotli.NewWriterLevel(&br, brotli.BestCompression)
	g, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err1 := w.Write(body)
	_, err2 := g.Write(body)
	if err := errors.Join(err1, err2, w.Close(), g.Close()); err != nil {
		return err
	}
	b.files[name+".br"], b.files[name+".gz"] = br.Bytes(), gz.Bytes()
	return nil
}

// fonts are committed ready made: a French subset of each, with its licence.
func (b *builder) fonts() error {
	for _, name := range []string{"bricolage.woff2", "atkinson.woff2"} {
		body, err := os.ReadFile(filepath.Join(b.src, "fonts", name))
		if err != nil {
			return err
		}
		if err := b.add(name, body); err != nil {
			return err
		}
	}
	return nil
}

// speculation says which pages a browser may fetch when a reader is about to open
// them: public ones alone.
func (b *builder) speculation() error {
	body, err := os.ReadFile(filepath.Join(b.src, "speculation.json"))
	if err != nil {
		return err
	}
	return b.add("speculation.json", body)
}

// index writes the table of logical to hashed names, which package web reads.
func (b *builder) index() error {
	body, err := json.MarshalIndent(b.names, "", "\t")
	if err != nil {
		return err
	}
	b.files["index.json"] = append(body, '\n')
	return nil
}

// hashed replaces "/assets/<logical>" by the hashed address of what is built so
// far.
func (b *builder) hashed(body []byte) []byte {
	var pairs []string
	logicals := make([]string, 0, len(b.names))
	for logical := range b.names {
		logicals = append(logicals, logical)
	}
	slices.Sort(logicals)
	for _, logical := range logicals {
		pairs = append(pairs, "/assets/"+logical, "/assets/"+b.names[logical])
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(body)))
}
