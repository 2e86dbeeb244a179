package archive

import (
	"time"

	"github.com/parvis-gru/parvis/tenants"
)

// Format is the version of the format that this program writes.
const Format = 1

// Names of the files of an archive.
const (
	fileReadme    = "README.txt"
	fileManifest  = "manifest.json"
	fileRequests  = "requests.csv"
	fileCodes     = "codes.age"
	fileDocuments = "documents.jsonl"
	tablesFolder  = "tables/"
	tablesSuffix  = ".jsonl"
	documents     = "documents/"
)

// Manifest says what an archive holds.
type Manifest struct {
	Format        int       `json:"format"`
	SchemaVersion int       `json:"schema_version"` // of migrations.Tenant
	ExportedAt    time.Time `json:"exported_at"`    // UTC
	Commune       Commune   `json:"commune"`
	Tables        []Table   `json:"tables"`
	Files         []File    `json:"files"` // all others but the documents' own, which documents.jsonl lists
	Documents     Documents `json:"documents"`
	Withheld      []string  `json:"withheld"` // in French: what is not there, and why
}

// Commune is whose archive it is.
type Commune struct {
	INSEE  string `json:"insee"`
	SIREN  string `json:"siren"`
	Name   string `json:"name"`
	Slug   string `json:"slug"`
	Colour string `json:"colour"`
	Temple bool   `json:"temple"`
	// Holidays are the public holidays that the commune gave (tenants.Tenant.LocalHolidays).
	Holidays string `json:"holidays,omitempty"`
	// Tenant is its key in the deployment that it left, by which that one finds its
	// codes again.
	Tenant int64 `json:"tenant"`
}

// File is one file of the archive.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// Table is a table's file.
type Table struct {
	File
	Name    string   `json:"name"`
	Rows    int64    `json:"rows"`
	Columns []Column `json:"columns"`
}

// Column is a column with its type, in Postgres' words.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Documents counts the documents.
type Documents struct {
	Present int   `json:"present"`
	Missing int   `json:"missing"` // known to the database, and not in the store
	Altered int   `json:"altered"` // in the store, with another checksum than when they came in
	Bytes   int64 `json:"bytes"`
}

// Document is a line of documents.jsonl.
type Document struct {
	Path     string `json:"path"` // in the archive
	Name     string `json:"name"` // as people know it
	Received string `json:"received_sha256"`
	State    string `json:"state"`            // "present", "missing" or "altered"
	Bytes    int64  `json:"bytes,omitempty"`  // of what is in the archive
	SHA256   string `json:"sha256,omitempty"` // of what is in the archive
}

// tracked is a line of codes.age: a request with its tracking code.
type tracked struct {
	Request tenants.ID `json:"request"`
	Code    string     `json:"code"`
}

// The states of a document.
const (
	docPresent = "present"
	docMissing = "missing"
	docAltered = "altered"
)

// Summary is what an archive holds, in few words.
type Summary struct {
	Requests  int64     `json:"requests"`
	Rows      int64     `json:"rows"` // of all tables
	Documents Documents `json:"documents"`
}

// Summary sums the manifest up.
func (m Manifest) Summary() Summary {
	s := Summary{Requests: m.Rows("request"), Documents: m.Documents}
	for _, t := range m.Tables {
		s.Rows += t.Rows
	}
	return s
}

// Rows gives a table's rows; -1 for a table that the archive does not hold.
func (m Manifest) Rows(name string) int64 {
	for _, t := range m.Tables {
		if t.Name == name {
			return t.Rows
		}
	}
	return -1
}

const readme = `ARCHIVE DE LA COMMUNE DE %s (code Insee %s)
Établie le %s, heure universelle.

Ce fichier rassemble tout ce que la commune possède sur la plateforme Parvis, tel que
c’était à cet instant. Il se lit sans Parvis, avec des outils courants et libres.

Comment l’ouvrir
  Windows : 7-Zip (version 24 ou plus récente), puis « Extraire ».
  Linux, macOS : tar --zstd -xf archive.tar.zst

Ce qu’il contient
  requests.csv      les demandes, une par ligne, pour un tableur (séparateur « ; »).
  tables/           toutes les données : un fichier par table, une ligne par enregistrement,
                    en JSON. Les dates sont au format AAAA-MM-JJ, les instants en heure
                    universelle, les suites d’octets en hexadécimal après « \x ».
  documents.jsonl   la liste des pièces jointes : chemin, nom d’origine, empreinte.
  documents/        les pièces jointes. Le nom d’origine est dans documents.jsonl.
  manifest.json     la version du format, l’empreinte SHA-256 et le nombre de lignes de
                    chaque fichier, le type de chaque colonne.
  codes.age         (s’il existe) les codes de suivi des demandes, chiffrés par une phrase
                    secrète : age --decrypt codes.age

Comment s’y retrouver
  tables/request.jsonl est la table principale. Le champ « id » d’une demande se retrouve
  dans « request_id » des tables message, note, document, receipt (accusés), decision,
  document_request, letter (courriers), receipt_due (accusés à délivrer), request_fact, notification ; et dans
  « subject_id » de event (l’historique).
  Les réponses au formulaire sont dans « answers » ; les questions, dans
  procedure_version.jsonl, à la ligne dont l’« id » est le « version_id » de la demande.

Ce qui n’y est pas
%s
Données personnelles et archives publiques
  Ce fichier contient des données personnelles : conservez-le comme les dossiers
  eux-mêmes. Ce sont des archives publiques : aucune ne peut être détruite sans le visa
  du directeur des archives départementales (code du patrimoine, L. 212-2 et L. 212-3).
`
