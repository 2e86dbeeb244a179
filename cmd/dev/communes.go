package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// The source of tenants/communes, pinned by version and by content.
const (
	communesPackage   = "@etalab/decoupage-administratif"
	communesVersion   = "6.0.0"
	communesIntegrity = "sha512-XavYsFlbcM/prKr8hNHPKER94IHw/dsxNM4nxjWMYk6PLFACpEedvn/7wK8Baozm0dCYhWWcf+7bcWpA5pmCaQ=="
	communesVintage   = 2026
)

const (
	communesData = "tenants/communes/communes.tsv.gz"
	communesGo   = "tenants/communes/source_gen.go"
)

type sourceCommune struct {
	Code       string   `json:"code"`
	Name       string   `json:"nom"`
	Type       string   `json:"type"`
	SIREN      string   `json:"siren"`
	Postal     []string `json:"codesPostaux"`
	Population int      `json:"population"`
	Department string   `json:"departement"`
	Region     string   `json:"region"`
}

type sourceEPCI struct {
	SIREN   string `json:"code"`
	Name    string `json:"nom"`
	Kind    string `json:"type"`
	Members []struct {
		Code string `json:"code"`
	} `json:"membres"`
}

// runCommunes fetches the pinned package and writes the embedded data. With -check
// it only tells, without the network, whether what is committed was made from the
// pinned source and is whole.
func runCommunes(ctx context.Context, repo *repository, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "-check":
		return checkCommunes(repo)
	case len(args) > 0:
		return errUsage
	}
	files, err := fetchCommunes(ctx, repo)
	if err != nil {
		return err
	}
	text, communes, epcis, err := communesText(files["communes.json"], files["epci.json"])
	if err != nil {
		return err
	}
	gz, err := gzipped(text)
	if err != nil {
		return err
	}
	if err := os.WriteFile(repo.path(communesData), gz, 0o644); err != nil {
		return err
	}
	src, err := communesSource(gz)
	if err != nil {
		return err
	}
	if err := os.WriteFile(repo.path(communesGo), src, 0o644); err != nil {
		return err
	}
	fmt.Printf("%d communes, %d EPCI, %d bytes packed\n", communes, epcis, len(gz))
	return nil
}

// checkCommunes holds the committed data against the pin and its recorded digest.
func checkCommunes(repo *repository) error {
	gz, err := os.ReadFile(repo.path(communesData))
	if err != nil {
		return err
	}
	have, err := os.ReadFile(repo.path(communesGo))
	if err != nil {
		return err
	}
	want, err := communesSource(gz)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s does not fit %s and the pinned %s %s: run `go run ./cmd/dev communes`", communesGo, communesData, communesPackage, communesVersion)
	}
	return nil
}

// fetchCommunes has npm fetch the package and gives its data files by base name.
func fetchCommunes(ctx context.Context, repo *repository) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "parvis-communes-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := repo.quietly(ctx, call{dir: dir, name: "npm", args: []string{"pack", "--silent", communesPackage + "@" + communesVersion}}); err != nil {
		return nil, err
	}
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return nil, errors.New("npm pack left no single .tgz")
	}
	tgz, err := os.ReadFile(tarballs[0])
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(tgz)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != communesIntegrity {
		return nil, fmt.Errorf("%s %s is not the pinned file: got %s", communesPackage, communesVersion, got)
	}
	return untar(tgz, "communes.json", "epci.json")
}

func untar(tgz []byte, names ...string) (map[string][]byte, error) {
	gz, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		files[path.Base(h.Name)] = b
	}
	for _, n := range names {
		if files[n] == nil {
			return nil, fmt.Errorf("%s %s holds no %s", communesPackage, communesVersion, n)
		}
	}
	return files, nil
}

// communesText writes the lines that tenants/communes reads (its atlas.go says how).
func communesText(communesJSON, epciJSON []byte) (text []byte, nCommunes, nEPCI int, err error) {
	var communes []sourceCommune
	if err := json.Unmarshal(communesJSON, &communes); err != nil {
		return nil, 0, 0, fmt.Errorf("communes.json: %w", err)
	}
	var epcis []sourceEPCI
	if err := json.Unmarshal(epciJSON, &epcis); err != nil {
		return nil, 0, 0, fmt.Errorf("epci.json: %w", err)
	}
	sort.Slice(communes, func(i, j int) bool { return communes[i].Code < communes[j].Code })
	sort.Slice(epcis, func(i, j int) bool { return epcis[i].SIREN < epcis[j].SIREN })

	var b bytes.Buffer
	fmt.Fprintf(&b, "# Made by `go run ./cmd/dev communes` from npm %s %s (%d); do not edit.\n", communesPackage, communesVersion, communesVintage)
	b.WriteString("# Data: INSEE, DGCL, La Poste, put together by Etalab; Licence Ouverte 2.0.\n")
	epciOf := map[string]string{}
	for _, e := range epcis {
		fmt.Fprintf(&b, "E\t%s\t%s\t%s\n", e.SIREN, e.Kind, e.Name)
		for _, m := range e.Members {
			if other, twice := epciOf[m.Code]; twice {
				return nil, 0, 0, fmt.Errorf("commune %s stands in the EPCI %s and %s", m.Code, other, e.SIREN)
			}
			epciOf[m.Code] = e.SIREN
		}
	}
	for _, c := range communes {
		if c.Type != "commune-actuelle" {
			continue
		}
		row := []string{"C", c.Code, c.Name, c.SIREN, strings.Join(c.Postal, " "), strconv.Itoa(c.Population), epciOf[c.Code], c.Department, c.Region}
		b.WriteString(strings.Join(row, "\t") + "\n")
		nCommunes++
		delete(epciOf, c.Code)
	}
	if len(epciOf) > 0 {
		return nil, 0, 0, fmt.Errorf("%d members of an EPCI are no current communes", len(epciOf))
	}
	return b.Bytes(), nCommunes, len(epcis), nil
}

// gzipped packs without a date or a name, so that the same source gives the same
// bytes.
func gzipped(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func communesSource(gz []byte) ([]byte, error) {
	sum := sha256.Sum256(gz)
	return format.Source(fmt.Appendf(nil, `// Code generated by "go run ./cmd/dev communes"; DO NOT EDIT.
//
// source: npm %[1]s %[2]s
// integrity: %[3]s
// communes.tsv.gz: sha256 %[4]s
// data: Licence Ouverte 2.0 (INSEE, DGCL, La Poste, put together by Etalab)

package communes

// Source names the publication that the data was made from, for attribution
// (Licence Ouverte 2.0).
const Source = "npm %[1]s %[2]s"

// Vintage is the year whose communes and EPCI these are (as of 1 January).
const Vintage = %[5]d
`, communesPackage, communesVersion, communesIntegrity, hex.EncodeToString(sum[:]), communesVintage))
}
