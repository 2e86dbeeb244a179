package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// updateAim is what one model's update over a thousand communes may take.
const updateAim = 60 * time.Second

// updateModel is the model that a hub changes.
const updateModel = "salle-association"

// benchUpdate brings a hub's version of a model to b.tenants communes, of which every third chose a title of
// its own: to each as a comparison of three sides, and as a draft where nothing was changed. Everything
// is done by the workers' own function, over each commune's own role and connection.
func benchUpdate(ctx context.Context, b *bench) ([][]string, error) {
	h, err := openHouse(ctx, map[string]string{"max_connections": "250"})
	if err != nil {
		return nil, err
	}
	defer h.close()
	hub, err := h.hubOf(ctx, b.tenants)
	if err != nil {
		return nil, err
	}
	models := inherit.New(inherit.Config{Platform: h.pool, Registry: h.registry, DB: h.db, Clock: time.Now})
	by := tenants.Actor{Kind: tenants.ActorHub, HubRole: tenants.HubManager, Name: "bench"}
	m, _ := catalogue.Model(updateModel)
	own, err := m.Copy()
	if err != nil {
		return nil, err
	}
	own.Title, own.Cost = "Une salle, chez nous", "Le tarif de l’intercommunalité"
	for i := range own.Form.Steps {
		own.Form.Steps[i].Sections[0].Fields[0].Help = "Une aide de l’intercommunalité"
	}
	proposed, err := models.Put(ctx, by, hub, own)
	if err != nil {
		return nil, err
	}
	began, used := time.Now(), processorTime()
	if _, err := models.Ask(ctx, by, proposed, inherit.WorkDraft, nil); err != nil {
		return nil, err
	}
	done, err := models.Tick(ctx)
	took := time.Since(began)
	if err != nil {
		return nil, err
	}
	used = processorTime() - used
	states, err := models.Communes(ctx, hub.ID, updateModel)
	if err != nil {
		return nil, err
	}
	drafted, conflicts := 0, 0
	for _, s := range states {
		if s.Drafted {
			drafted++
		}
		if s.Conflicts > 0 {
			conflicts++
		}
	}
	b.note("the update: %s communes brought up to date, %d drafts, %d communes with a choice of their own; %.1f ms of this program's processor each", strconv.Itoa(done), drafted, conflicts, float64(used.Microseconds())/1000/float64(max(done, 1)))
	return [][]string{{
		fmt.Sprintf("three-way update of one model over %d communes", done), "until all is done", "", "", seconds(took) + " s", seconds(updateAim) + " s", verdict(took, updateAim),
	}}, nil
}

// hubOf opens a hub's communes from spares; every third has published a title of its own.
func (h *house) hubOf(ctx context.Context, n int) (tenants.Hub, error) {
	hub, err := h.registry.NewHub(ctx, tenants.Hub{Slug: "hub-bench", SIREN: "243100633", Name: "Le hub", Colour: "#0b5c8a"})
	if err != nil {
		return hub, err
	}
	// Where the law leaves the public holidays unsettled a commune gives them before anything is dated.
	list := slices.DeleteFunc(slices.Clone(communes.All()), func(c communes.Commune) bool { return c.INSEE >= "97" })
	if n < 1 || n > len(list) {
		return hub, fmt.Errorf("-n goes from 1 to %d", len(list))
	}
	if err := h.registry.Cells().Limit(ctx, tenants.Cell{Name: tenants.FirstCell, Soft: n, Hard: 2 * n, Spares: min(n, 500)}); err != nil {
		return hub, err
	}
	for i := range n {
		if i%500 == 0 {
			if _, err := h.registry.KeepSpares(ctx, tenants.FirstCell); err != nil {
				return hub, err
			}
		}
		town, err := h.registry.Open(ctx, tenants.System("bench"), tenants.Opening{HubID: hub.ID, INSEE: list[i*len(list)/n].INSEE})
		if err != nil {
			return hub, err
		}
		if i%3 > 0 {
			continue
		}
		if err := h.db.Write(ctx, town, tenants.System("bench"), func(tx *tenants.Tx) error { return ownTitle(ctx, tx) }); err != nil {
			return hub, err
		}
	}
	return hub, nil
}

// ownTitle publishes the model with a title of the commune's own.
func ownTitle(ctx context.Context, tx *tenants.Tx) error {
	e, err := catalogue.BySlug(ctx, tx, updateModel)
	if err != nil {
		return err
	}
	p, err := e.Procedure().Copy()
	if err != nil {
		return err
	}
	p.Title = "Réserver une salle à " + tx.Tenant().Name
	_, err = catalogue.Publish(ctx, tx, updateModel, p)
	return err
}
