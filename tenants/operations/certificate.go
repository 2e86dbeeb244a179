package operations

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Certificate says what was erased of a commune. It names rows and files by their number
// alone.
type Certificate struct {
	Format      int              `json:"format"` // 1
	ID          tenants.ID       `json:"id"`
	INSEE       string           `json:"insee"`
	Name        string           `json:"name"`
	AskedBy     string           `json:"asked_by"`
	AskedAt     time.Time        `json:"asked_at"`
	ConfirmedBy string           `json:"confirmed_by"`
	ConfirmedAt time.Time        `json:"confirmed_at"`
	ErasedAt    time.Time        `json:"erased_at"`
	Visa        string           `json:"visa"`          // by what right, in the words of who confirmed
	Export      string           `json:"export_sha256"` // of the manifest of the archive that the commune has
	ExportedAt  time.Time        `json:"exported_at"`
	Exported    *archive.Summary `json:"exported,omitempty"`
	Tables      map[string]int64 `json:"tables"` // rows erased
	Documents   int              `json:"documents"`
	Jobs        int              `json:"jobs"`
	Schema      string           `json:"schema"` // and role: dropped
}

// Signed is a certificate with its signature: an Ed25519 one (RFC 8032) of the bytes of
// the certificate's JSON as they stand, without white space between its parts.
type Signed struct {
	Certificate json.RawMessage `json:"certificate"`
	PublicKey   string          `json:"public_key"` // base64
	Signature   string          `json:"signature"`  // base64
}

// signingKey is the deployment's key for certificates.
func signingKey(master tenants.MasterKey) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(master.Platform("certificate of erasure")[:ed25519.SeedSize])
}

// PublicKey is the key, in base64, that this deployment's certificates are verified with.
func (s *Service) PublicKey() string {
	public, _ := signingKey(s.config.Master).Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(public)
}

// sign writes a certificate down.
func (s *Service) sign(c Certificate) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return json.Marshal(Signed{Certificate: body, PublicKey: s.PublicKey(), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(signingKey(s.config.Master), body))})
}

// Verify reads a signed certificate and holds its signature against a public key in base64
// (Service.PublicKey); an empty one takes the key that stands in it, which proves only
// that it was not altered. What does not hold is fault.Invalid "certificate_invalid".
func Verify(text []byte, publicKey string) (Certificate, error) {
	invalid := fault.New(fault.Invalid, "certificate_invalid")
	var signed Signed
	if json.Unmarshal(text, &signed) != nil {
		return Certificate{}, invalid
	}
	if publicKey == "" {
		publicKey = signed.PublicKey
	}
	key, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return Certificate{}, invalid
	}
	signature, err := base64.StdEncoding.DecodeString(signed.Signature)
	if err != nil {
		return Certificate{}, invalid
	}
	var body bytes.Buffer
	if json.Compact(&body, signed.Certificate) != nil || !ed25519.Verify(key, body.Bytes(), signature) {
		return Certificate{}, invalid
	}
	var c Certificate
	if json.Unmarshal(body.Bytes(), &c) != nil {
		return Certificate{}, invalid
	}
	return c, nil
}

const (
	sqlErased   = `insert into platform.erasure (id, insee, name, hub_id, erased_at, document) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`
	sqlErasures = `select id, insee, name, erased_at, document from platform.erasure where ($1::bigint is null or hub_id = $1) and ($2::text is null or insee = $2) order by erased_at desc, id`
)

// Erased is what is left of a commune.
type Erased struct {
	ID       tenants.ID
	INSEE    string
	Name     string
	ErasedAt time.Time
	Document string // the signed certificate
}

// certify writes the certificate, and forgets everything else that was kept of the commune.
func certify(ctx context.Context, r *run) error {
	o, d := r.op, r.op.Data
	document, err := r.sign(Certificate{
		Format: 1, ID: o.ID, INSEE: o.INSEE, Name: o.Name,
		AskedBy: o.AskedName, AskedAt: o.CreatedAt.UTC(), ConfirmedBy: o.ConfirmedName, ConfirmedAt: o.ConfirmedAt.UTC(), ErasedAt: r.now(),
		Visa: d.Visa, Export: d.SHA256, ExportedAt: d.ExportedAt.UTC(), Exported: d.Export,
		Tables: d.Tables, Documents: d.Files, Jobs: d.Jobs, Schema: d.Schema,
	})
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, r.config.Platform, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlErased, o.ID, o.INSEE, o.Name, o.HubID, r.now(), string(document)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlForget, o.TenantID, o.ID)
		return err
	})
}

// Erasures lists the certificates of a hub's communes (0: of all), or of one commune by its
// code, the latest first.
func (s *Service) Erasures(ctx context.Context, hub int64, insee string) ([]Erased, error) {
	var ofHub, ofCode any
	if hub != 0 {
		ofHub = hub
	}
	if insee != "" {
		ofCode = insee
	}
	rows, err := s.config.Platform.Query(ctx, sqlErasures, ofHub, ofCode)
	if err != nil {
		return nil, away(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Erased])
	return list, away(err)
}
