package tenants

import (
	"bytes"
	"context"
	"image"
	_ "image/png" // the pictures' own format, for their sizes

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Brand is how a commune's pages, mails and letters look and greet, beside its colour
// (Tenant.Colour) and its tagline.
type Brand struct {
	Logo Logo `json:"logo,omitzero"`
	// Silhouette is the drawing along the footer, one of branding.Silhouettes; "" for the first.
	Silhouette string `json:"silhouette,omitempty"`
	Welcome    string `json:"welcome,omitempty"` // over the procedures, on the first page
	Footer     string `json:"footer,omitempty"`  // a few lines at the foot of every page
}

// Logo names the commune's own logo, whose pictures lie in its schema; the zero one
// says that it has none, and gets a placeholder.
type Logo struct {
	Hash   string `json:"hash,omitempty"`
	Light  bool   `json:"light,omitempty"` // it is a drawing of few bytes: heads of pages show the SVG itself
	Width  int    `json:"width,omitempty"` // of the picture in heads of pages and mails, in pixels
	Height int    `json:"height,omitempty"`
}

// Limits of the texts, in letters.
const (
	maxWelcome = 600
	maxFooter  = 600
)

// lightDrawing is what an SVG in the head of every page may weigh before compression,
// in bytes.
const lightDrawing = 10 << 10

const (
	sqlKeepImage = `insert into brand_image (hash, name, width, height, body, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (hash, name) do nothing`
	sqlForgetImages = `delete from brand_image where hash <> $1 and hash <> $2
		and hash not in (select hash from brand_image group by hash order by max(created_at) desc limit 6)`
	sqlImage  = `select body from brand_image where hash = $1 and name = $2`
	sqlImages = `select name, width, height, octet_length(body) as size from brand_image where hash = $1`
	sqlColour = `update platform.tenant set colour = $2 where id = $1`
)

// KeepLogo keeps a logo's pictures, so that they can be tried and then chosen
// ([Settings], Brand.Logo). Administrators only. The same logo twice is one; of those
// that are not in use the last few are kept.
func KeepLogo(ctx context.Context, tx *Tx, l branding.Logo) (Logo, error) {
	if !tx.Actor().MayAdminister() {
		return Logo{}, fault.New(fault.Forbidden, "admin_only")
	}
	for _, f := range l.Files {
		var size image.Config
		if f.Name != branding.LogoVector {
			var err error
			if size, _, err = image.DecodeConfig(bytes.NewReader(f.Body)); err != nil {
				return Logo{}, err
			}
		}
		if _, err := tx.Exec(ctx, sqlKeepImage, l.Hash, f.Name, size.Width, size.Height, f.Body, tx.Now()); err != nil {
			return Logo{}, err
		}
	}
	own, _, err := GetSettings(ctx, tx)
	if err != nil {
		return Logo{}, err
	}
	if _, err := tx.Exec(ctx, sqlForgetImages, own.Brand.Logo.Hash, l.Hash); err != nil {
		return Logo{}, err
	}
	return FindLogo(ctx, tx, l.Hash)
}

// FindLogo gives the logo that is kept under a hash; none is fault.NotFound "not_found".
func FindLogo(ctx context.Context, tx *Tx, hash string) (Logo, error) {
	type row struct {
		Name                string
		Width, Height, Size int
	}
	rows, err := All[row](ctx, tx, sqlImages, hash)
	if err != nil {
		return Logo{}, err
	}
	l := Logo{Hash: hash}
	for _, r := range rows {
		switch r.Name {
		case branding.LogoVector:
			l.Light = r.Size <= lightDrawing
		case branding.LogoHeader:
			l.Width, l.Height = r.Width, r.Height
		}
	}
	if l.Height == 0 {
		return Logo{}, fault.New(fault.NotFound, "not_found")
	}
	return l, nil
}

// LogoImage gives one picture of a logo; none is fault.NotFound "not_found".
// Everybody may see it. A row may have come with an archive that somebody altered, so
// what it says is checked once more.
func LogoImage(ctx context.Context, tx *Tx, hash, name string) (branding.LogoFile, error) {
	body, err := One[[]byte](ctx, tx, sqlImage, hash, name)
	if err != nil {
		return branding.LogoFile{}, err
	}
	return branding.CheckLogoFile(name, body)
}

// SetColour changes the colour of the transaction's tenant. Administrators only. What
// is no colour is fault.Invalid "colour_invalid". The platform keeps the colour in a
// database of its own, so call it last in the transaction: where it fails, nothing
// of the transaction stays either. It knows no version: the last one to say wins.
func (r *Registry) SetColour(ctx context.Context, tx *Tx, colour string) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	c, err := branding.Parse(colour)
	if err != nil || c.String() == tx.Tenant().Colour {
		return err
	}
	data := map[string]string{"from": tx.Tenant().Colour, "to": c.String()}
	if err := tx.Record(ctx, Event{SubjectKind: "settings", SubjectID: "settings", Kind: "colour_changed", Data: data}); err != nil {
		return err
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	touched, err := r.pool.Exec(ctx, sqlColour, tx.Tenant().ID, c.String())
	if err != nil {
		return classify(err)
	}
	if touched.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	r.forget(tx.Tenant().Slug)
	return nil
}

// fields tells what is to be corrected of a brand.
func (b Brand) fields() []fault.Field {
	var fields []fault.Field
	if len([]rune(b.Welcome)) > maxWelcome {
		fields = append(fields, fault.Field{Path: "brand/welcome", Code: "too_long"})
	}
	if len([]rune(b.Footer)) > maxFooter {
		fields = append(fields, fault.Field{Path: "brand/footer", Code: "too_long"})
	}
	if b.Silhouette != "" && !branding.IsSilhouette(b.Silhouette) {
		fields = append(fields, fault.Field{Path: "brand/silhouette", Code: "required"})
	}
	return fields
}
