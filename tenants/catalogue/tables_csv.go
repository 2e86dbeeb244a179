package catalogue

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// maxTold is how many problems of a file are told at once.
const maxTold = 20

// TableFault is something to correct in a table's file.
type TableFault struct {
	Line    int    // of the file, from 1; 0: the file as a whole
	Message string // French; says what to do
}

// TableFile is what was read of a table's file.
type TableFile struct {
	Content *forms.Table
	Latin   bool // it was Windows-1252, not UTF-8
	Skipped int  // lines without anything
}

// markup finds what a browser or a mail might take for HTML: no town's street needs it.
var markup = regexp.MustCompile(`<[a-zA-Z/!?]|&#`)

// ReadTable reads a table from a CSV file: a line of column names, then a line for each row; between commas, semicolons or
// tabs, in UTF-8 or Windows-1252. It is all or nothing: with any fault (told up to a score) there is no table.
func ReadTable(data []byte) (TableFile, []TableFault) {
	var f TableFile
	text, problems := f.decoded(data)
	if len(problems) > 0 {
		return TableFile{}, problems
	}
	records, lines, problem := f.records(text)
	if problem != nil {
		return TableFile{}, []TableFault{*problem}
	}
	if len(records) < 2 {
		return TableFile{}, whole("Mettez les noms des colonnes sur la première ligne, et au moins une ligne dessous")
	}
	f.Content = &forms.Table{Columns: records[0], Rows: records[1:]}
	if problems := badRows(f.Content, lines); len(problems) > 0 {
		return TableFile{}, problems
	}
	return f, nil
}

func whole(message string) []TableFault { return []TableFault{{Message: message}} }

func lineOf(data []byte, at int) int { return bytes.Count(data[:at], []byte("\n")) + 1 }

// decoded gives the file's text in UTF-8.
func (f *TableFile) decoded(data []byte) (string, []TableFault) {
	switch {
	case len(data) > MaxTableFile:
		return "", whole("Allégez ce fichier\u00a0: une table tient en 1\u00a0Mo")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "", whole("Enregistrez ce classeur au format CSV\u00a0: dans le tableur, «\u00a0Enregistrer sous\u00a0», puis «\u00a0CSV UTF-8\u00a0»")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "", whole("Enregistrez ce fichier en «\u00a0CSV UTF-8\u00a0»\u00a0: il est en UTF-16")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !bytes.Contains(data, []byte("\n")) {
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return "", whole("Choisissez un autre fichier\u00a0: celui-ci est vide")
	}
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return "", []TableFault{{lineOf(data, at), "Enregistrez ce fichier en «\u00a0CSV UTF-8\u00a0»\u00a0: ce n’est pas du texte"}}
	}
	if utf8.Valid(data) {
		return string(data), nil
	}
	if at := notLatin(data); at >= 0 {
		return "", []TableFault{{lineOf(data, at), "Enregistrez ce fichier en «\u00a0CSV UTF-8\u00a0»\u00a0: un caractère de cette ligne ne se lit ni en UTF-8 ni en Windows-1252"}}
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return "", whole("Enregistrez ce fichier en «\u00a0CSV UTF-8\u00a0»")
	}
	f.Latin = true
	return string(text), nil
}

// notLatin gives the place of a byte that is not Windows-1252 either, or -1: one that this encoding lacks, or one that
// is not UTF-8 where other letters are.
func notLatin(data []byte) int {
	first, letters := -1, false
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			if first < 0 {
				first = i
			}
			switch data[i] {
			case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
				return i
			}
		}
		letters = letters || size > 1
		i += size
	}
	if letters {
		return first
	}
	return -1
}

// records reads the lines, each cell as a table keeps it, with the line of the file that each begins on.
func (f *TableFile) records(text string) (records [][]string, lines []int, problem *TableFault) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator(text), -1
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, lines, nil
		}
		if err != nil {
			line := 0
			if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
				line = wrong.Line
			}
			return nil, nil, &TableFault{line, "Vérifiez les guillemets de cette ligne\u00a0: un guillemet se double à l’intérieur d’une case"}
		}
		line, _ := r.FieldPos(0)
		if len(records) > forms.MaxTableRows+1 {
			return nil, nil, &TableFault{line, tooManyRows()}
		}
		if len(record) > 4*forms.MaxTableColumn {
			return nil, nil, &TableFault{line, fmt.Sprintf("Gardez %d\u00a0colonnes au plus", forms.MaxTableColumn)}
		}
		empty := true
		for i := range record {
			record[i] = unquoted(forms.Cell(record[i]))
			empty = empty && record[i] == ""
		}
		if empty {
			f.Skipped++
			continue
		}
		records, lines = append(records, record), append(lines, line)
	}
}

func tooManyRows() string {
	return "Gardez 5\u202f000\u00a0lignes au plus"
}

// separator is what stands between the cells of the first line: the most frequent of the three.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best, most := ';', 0
	for _, c := range ";,\t" {
		if n := strings.Count(first, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// badRows says what keeps rows from being a table; lines are those of the file, the names of the columns first.
func badRows(t *forms.Table, lines []int) []TableFault {
	b := rowChecker{lines: lines}
	b.columns(t.Columns)
	if len(t.Rows) == 0 {
		b.add(-1, "Ajoutez au moins une ligne sous les noms des colonnes")
	}
	if len(t.Rows) > forms.MaxTableRows {
		b.add(forms.MaxTableRows, tooManyRows())
		return b.faults
	}
	seen, size := map[string]int{}, 0
	for n, row := range t.Rows {
		b.row(n, row, len(t.Columns))
		key := strings.Join(row, "\x00")
		if before, twice := seen[key]; twice {
			b.add(n, "Retirez cette ligne\u00a0: elle est la même que la ligne\u00a0"+strconv.Itoa(b.line(before)))
		} else {
			seen[key] = n
		}
		if size += len(key); size > MaxTableFile {
			b.add(n, "Allégez cette table\u00a0: elle tient en 1\u00a0Mo")
			break
		}
		if len(b.faults) > maxTold {
			b.faults[maxTold] = TableFault{Message: "Corrigez d’abord ces lignes\u00a0: d’autres sont peut-être à revoir ensuite"}
			return b.faults[:maxTold+1]
		}
	}
	return b.faults
}

type rowChecker struct {
	lines  []int
	faults []TableFault
}

// line gives the line of a row; -1 is that of the columns' names.
func (b *rowChecker) line(row int) int {
	if row+1 < len(b.lines) {
		return b.lines[row+1]
	}
	return row + 2
}

func (b *rowChecker) add(row int, message string) {
	b.faults = append(b.faults, TableFault{b.line(row), message})
}

func (b *rowChecker) columns(columns []string) {
	if len(columns) == 0 || len(columns) > forms.MaxTableColumn {
		b.add(-1, fmt.Sprintf("Donnez de 1 à %d\u00a0colonnes", forms.MaxTableColumn))
	}
	seen := map[string]bool{}
	for i, c := range columns[:min(len(columns), forms.MaxTableColumn)] {
		where := "Colonne\u00a0" + strconv.Itoa(i+1) + "\u00a0: "
		switch folded := fold.Words(c); {
		case c == "":
			b.add(-1, where+"donnez-lui un nom, ou retirez-la")
		case seen[folded]:
			b.add(-1, where+"donnez-lui un autre nom, «\u00a0"+c+"\u00a0» y est déjà")
		default:
			seen[folded] = true
		}
		b.cell(-1, i, c)
	}
}

func (b *rowChecker) row(n int, row []string, columns int) {
	switch {
	case len(row) < columns:
		b.add(n, fmt.Sprintf("Ajoutez ce qui manque\u00a0: %d\u00a0cases au lieu de %d", len(row), columns))
	case len(row) > columns:
		b.add(n, fmt.Sprintf("Retirez ce qui dépasse, ou mettez entre guillemets la case qui contient un séparateur\u00a0: %d\u00a0cases au lieu de %d", len(row), columns))
	}
	for i, cell := range row[:min(len(row), columns)] {
		b.cell(n, i, cell)
	}
}

// mangled finds accents that were saved in UTF-8 and read in another encoding.
var mangled = regexp.MustCompile("Ã[©¨ª«§´®¯¢ ‰€]|â€™|\ufffd")

func (b *rowChecker) cell(n, column int, cell string) {
	where := "Colonne\u00a0" + strconv.Itoa(column+1) + "\u00a0: "
	switch {
	case utf8.RuneCountInString(cell) > forms.MaxCell:
		b.add(n, where+"raccourcissez ce texte à "+strconv.Itoa(forms.MaxCell)+"\u00a0caractères")
	case cell != forms.Cell(cell):
		b.add(n, where+"retirez les retours à la ligne et les caractères invisibles")
	case strings.HasPrefix(cell, "="):
		b.add(n, where+"mettez le résultat à la place de cette formule")
	case markup.MatchString(cell):
		b.add(n, where+"retirez le code HTML")
	case mangled.MatchString(cell):
		b.add(n, where+"corrigez les accents\u00a0: ce texte a été abîmé par un autre enregistrement")
	}
}

// CSV writes a table for a spreadsheet: UTF-8 with its mark, between semicolons. What a spreadsheet would run as a formula stands
// behind an apostrophe, which ReadTable takes away again.
func (t Table) CSV() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range append([][]string{t.Content.Columns}, t.Content.Rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = quoted(cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?$`)

// quoted keeps a spreadsheet from running a cell (CWE-1236).
func quoted(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) && !plainNumber.MatchString(cell) {
		return "'" + cell
	}
	return cell
}

func unquoted(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && rest != "" && quoted(rest) == cell {
		return rest
	}
	return cell
}

// problems says what is wrong with a table that a procedure's file carries.
func (t PortableTable) problems() []TableFault {
	return badRows(&forms.Table{Columns: t.Columns, Rows: t.Rows}, nil)
}
