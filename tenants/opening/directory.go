package opening

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Address is how the State's directory says that a town hall is reached. Email may be
// empty.
type Address struct {
	INSEE         string
	Email         string
	Phone         string
	PostalAddress string // lines
}

// Loaded counts what a directory file held.
type Loaded struct {
	Taken        int // town halls
	WithoutEmail int // of those taken
	Other        int // services that are no town hall
	Unknown      int // town halls of no commune of today
	Repeated     int // a commune's second entry and those after it
	Unreadable   int // lines or entries that could not be read
}

const (
	sqlPutAddresses = `insert into platform.official_address (insee, email, phone, postal_address, source, updated_at)
		select n.insee, n.email, n.phone, n.postal, $5, $6 from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as n (insee, email, phone, postal)
		on conflict (insee) do update set email = excluded.email, phone = excluded.phone, postal_address = excluded.postal_address, source = excluded.source, updated_at = excluded.updated_at`
	sqlAddress = `select insee, email, phone, postal_address from platform.official_address where insee = $1`
)

// LoadDirectory takes in official addresses: the State's « annuaire de
// l’administration – base de données locales » as JSON, or lines of
// insee;email;phone;address. What is not a town hall is passed over and counted; what is
// in the table and not in the file stays. A file in which nothing can be used is
// fault.Invalid "directory_empty", and changes nothing. source names the file, in French.
func (d *Desk) LoadDirectory(ctx context.Context, r io.Reader, source string) (Loaded, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // they were peeked
	}
	book := book{entries: map[string]Address{}}
	first, err := firstByte(in)
	if err != nil {
		return Loaded{}, fault.New(fault.Invalid, "directory_empty")
	}
	if first == '{' || first == '[' {
		err = book.readJSON(in)
	} else {
		err = book.readCSV(in)
	}
	if err != nil {
		return Loaded{}, fault.Wrap(fault.Invalid, "directory_unreadable", err)
	}
	if len(book.entries) == 0 {
		return book.loaded, fault.New(fault.Invalid, "directory_empty")
	}
	return book.loaded, d.keep(ctx, book.entries, source)
}

// keepAtOnce is how many addresses one statement writes.
const keepAtOnce = 2000

func (d *Desk) keep(ctx context.Context, entries map[string]Address, source string) error {
	codes := slices.Sorted(maps.Keys(entries))
	return tenants.Classify(pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		for chunk := range slices.Chunk(codes, keepAtOnce) {
			var emails, phones, postal []string
			for _, c := range chunk {
				a := entries[c]
				emails, phones, postal = append(emails, a.Email), append(phones, a.Phone), append(postal, a.PostalAddress)
			}
			if _, err := tx.Exec(ctx, sqlPutAddresses, chunk, emails, phones, postal, source, d.clock().UTC()); err != nil {
				return err
			}
		}
		return nil
	}))
}

func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !unicode.IsSpace(rune(b)) {
			return b, in.UnreadByte()
		}
	}
}

// book gathers the town halls of a file, the first entry of each commune.
type book struct {
	entries map[string]Address
	loaded  Loaded
}

func (b *book) add(a Address) {
	c, err := communes.ByINSEE(strings.TrimSpace(a.INSEE))
	if err != nil {
		b.loaded.Unknown++
		return
	}
	a.INSEE = c.INSEE
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	if identity.CheckEmail(a.Email) != nil {
		a.Email = ""
	}
	a.Phone, a.PostalAddress = bounded(a.Phone, 40), bounded(a.PostalAddress, 500)
	if before, there := b.entries[a.INSEE]; there {
		b.loaded.Repeated++
		if before.Email != "" || a.Email == "" {
			return
		}
		b.loaded.WithoutEmail-- // the second entry has what the first one lacks
		b.entries[a.INSEE] = a
		return
	}
	b.loaded.Taken++
	if a.Email == "" {
		b.loaded.WithoutEmail++
	}
	b.entries[a.INSEE] = a
}

// bounded makes a text printable and of at most so many runes.
func bounded(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || r == utf8.RuneError {
			return -1
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most])
	}
	return s
}

func (b *book) readCSV(in io.Reader) error {
	rows := csv.NewReader(in)
	rows.Comma, rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = ';', -1, true, true
	for n := 0; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, malformed := errors.AsType[*csv.ParseError](err); malformed {
			b.loaded.Unreadable++
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 && strings.EqualFold(strings.TrimSpace(row[0]), "insee") {
			continue
		}
		if len(row) < 2 {
			b.loaded.Unreadable++
			continue
		}
		row = append(row, "", "")
		b.add(Address{INSEE: row[0], Email: row[1], Phone: row[2], PostalAddress: strings.ReplaceAll(row[3], "|", "\n")})
	}
}

// readJSON reads the list of services, one at a time: an array, or an object that holds
// one under "service" or "results".
func (b *book) readJSON(in io.Reader) error {
	d := json.NewDecoder(in)
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t == json.Delim('[') {
		return b.list(d)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == "service" || key == "results" {
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return errors.Join(err, fmt.Errorf("%v is no list", key))
			}
			if err := b.list(d); err != nil {
				return err
			}
			continue
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) list(d *json.Decoder) error {
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		var s service
		if err := json.Unmarshal(raw, &s); err != nil {
			b.loaded.Unreadable++
			continue
		}
		b.service(s)
	}
	_, err := d.Token()
	return err
}

// service is an entry of the directory. Some of the files that the State publishes hold
// lists as JSON written in a text.
type service struct {
	Name    texts   `json:"nom"`
	Type    texts   `json:"type_service_local"`
	INSEE   texts   `json:"code_insee_commune"`
	Email   texts   `json:"adresse_courriel"`
	Phone   texts   `json:"telephone"`
	Pivots  records `json:"pivot"`
	Address records `json:"adresse"`
}

func (b *book) service(s service) {
	kinds, codes := slices.Clone(s.Type), slices.Clone(s.INSEE)
	for _, p := range s.Pivots {
		kinds = append(kinds, p["type_service_local"]...)
		codes = append(codes, p["code_insee_commune"]...)
	}
	if !slices.Contains(kinds, "mairie") || len(s.Name) > 0 && isAnnex(s.Name[0]) {
		b.loaded.Other++
		return
	}
	a := Address{INSEE: first(codes), Phone: first(s.Phone)}
	for _, e := range s.Email {
		if a.Email == "" && identity.CheckEmail(e) == nil {
			a.Email = e
		}
	}
	if len(s.Address) > 0 {
		at := s.Address[0]
		for _, r := range s.Address {
			if first(r["type_adresse"]) == "Adresse" {
				at = r
				break
			}
		}
		var lines []string
		for _, key := range []string{"complement1", "complement2", "numero_voie", "service_distribution"} {
			if line := first(at[key]); line != "" {
				lines = append(lines, line)
			}
		}
		lines = append(lines, strings.TrimSpace(first(at["code_postal"])+" "+first(at["nom_commune"])))
		a.PostalAddress = strings.TrimSpace(strings.Join(lines, "\n"))
	}
	b.add(a)
}

// isAnnex tells a town hall's annex or that of a former commune from the town hall.
func isAnnex(name string) bool {
	name = communes.Slug(name)
	return strings.Contains(name, "annexe") || strings.Contains(name, "deleguee")
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.TrimSpace(list[0])
}

// texts are the texts of a field: a text, a list of them, or a list of objects whose
// "valeur" counts.
type texts []string

// UnmarshalJSON reads what it knows and passes over the rest.
func (t *texts) UnmarshalJSON(raw []byte) error {
	*t = nil
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	*t = textsOf(v)
	return nil
}

func textsOf(v any) (out []string) {
	switch v := v.(type) {
	case string:
		var inner any
		if trimmed := strings.TrimSpace(v); strings.HasPrefix(trimmed, "[") && json.Unmarshal([]byte(trimmed), &inner) == nil {
			return textsOf(inner)
		}
		if v != "" {
			return []string{v}
		}
	case []any:
		for _, e := range v {
			out = append(out, textsOf(e)...)
		}
	case map[string]any:
		return textsOf(v["valeur"])
	}
	return out
}

// records are objects whose fields are texts.
type records []map[string]texts

// UnmarshalJSON reads a list of objects, one object, or either written in a text.
func (r *records) UnmarshalJSON(raw []byte) error {
	*r = nil
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
		raw = []byte(text)
	}
	var one map[string]texts
	if json.Unmarshal(raw, &one) == nil {
		*r = records{one}
		return nil
	}
	var list []map[string]texts
	err := json.Unmarshal(raw, &list)
	*r = list
	return err
}
