package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	store "github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// here is the address of the request that the page is about.
func here(v *visit) string { return "/demandes/" + requests.ReadNumber(v.r.PathValue("number")) }

// held runs a change of the page's request in a transaction of who holds it.
func (s *Server) held(v *visit, change func(ctx context.Context, tx *tenants.Tx, number string) error) error {
	return s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		return change(ctx, tx, number)
	})
}

// sendMessage writes to the town hall.
func (s *Server) sendMessage(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	body := form.Get("message")
	if expired != nil {
		return s.showRequest(v, requestState{message: body, expired: expired})
	}
	err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
		_, err := requests.Write(ctx, tx, number, body)
		return err
	})
	switch {
	case fault.Is(err, "body_required"):
		return s.showRequest(v, requestState{problem: "Écrivez votre message."})
	case fault.Is(err, "body_too_long"):
		return s.showRequest(v, requestState{message: body, problem: "Votre message dépasse 5\u202f000 caractères. Raccourcissez-le, ou envoyez-en deux."})
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre message est envoyé. La réponse arrivera ici, et par courriel si vous en avez donné un.")
	web.Redirect(v.w, v.r, here(v))
	return nil
}

// addDocument adds a file to the request: one that was asked for, or another.
func (s *Server) addDocument(v *visit) error {
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		_, _, err := s.holder(ctx, tx, v) // before anything is stored
		return err
	})
	if err != nil {
		return err
	}
	var stored []store.Stored
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) error {
		if len(stored) >= store.MaxPerDraft {
			return fault.New(fault.TooLarge, "too_many_files")
		}
		kept, err := s.keep(v, store.Upload{Name: p.Filename, Body: p})
		if err == nil {
			stored = append(stored, kept)
		}
		return err
	})
	item := form.Get("piece")
	if err == nil && item != "" {
		_, err = tenants.ParseID(item)
	}
	if err == nil && len(stored) == 0 {
		err = fault.New(fault.Invalid, "file_chosen_none")
	}
	if err == nil {
		err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
			for _, f := range stored {
				if _, err := requests.AddDocument(ctx, tx, number, tenants.ID(item), f); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return s.refusedDocument(v, stored, item, err)
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre document est bien arrivé.")
	web.Redirect(v.w, v.r, here(v))
	return nil
}

// refusedDocument forgets what was stored, and says on the page what is wrong.
func (s *Server) refusedDocument(v *visit, stored []store.Stored, item string, err error) error {
	for _, f := range stored {
		s.forget(v, f.BlobKey)
	}
	switch f := fault.Of(err); {
	case f.Code == "form_expired":
		return s.showRequest(v, requestState{expired: err})
	case f.Code == "file_chosen_none":
		return s.showRequest(v, requestState{item: item, file: "Choisissez un fichier avant de l’envoyer."})
	case f.Kind == fault.Invalid || f.Kind == fault.TooMany || f.Kind == fault.TooLarge && f.Code != "upload_too_large":
		return s.showRequest(v, requestState{item: item, file: web.Sentence(err)})
	default:
		return err
	}
}

// claim puts a guest's request into the account of who is signed in.
func (s *Server) claim(v *visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	err := s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		if err := v.citizen(); err != nil {
			return err
		}
		_, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		return requests.Claim(ctx, tx, number, s.codeHeld(tx, v, number))
	})
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "La demande est dans votre espace.")
	web.Redirect(v.w, v.r, here(v))
	return nil
}
