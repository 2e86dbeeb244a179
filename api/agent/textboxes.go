package agent

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// textBox is one thing that is said of a procedure, as the page of texts shows and reads it.
type textBox struct {
	name, label, hint string
	long              int // the most characters
	rows              int // of a text of several lines; 0: one line
	items             []web.Choice
	number            bool
	get               func(*catalogue.Procedure) string
	set               func(*catalogue.Procedure, string) string // says what cannot be read
}

func (b textBox) control(value, wrong string) control {
	switch {
	case b.items != nil:
		return listOf(web.Select{Name: b.name, Label: b.label, Hint: b.hint, Items: marked(append([]web.Choice{}, b.items...), value), Error: wrong})
	case b.rows > 0:
		return areaOf(web.Textarea{Name: b.name, Label: b.label, Hint: b.hint, Value: value, Rows: b.rows, MaxLength: b.long, Error: wrong})
	case b.number:
		return inputOf(web.Input{Name: b.name, Label: b.label, Hint: b.hint, Value: value, InputMode: "numeric", Width: "short", MaxLength: 4, Error: wrong})
	default:
		return inputOf(web.Input{Name: b.name, Label: b.label, Hint: b.hint, Value: value, MaxLength: b.long, Error: wrong})
	}
}

// The boxes of a kind: a line, paragraphs, a list of lines, a whole number, one of several.

func lineBox(name, label, hint string, long int, at func(*catalogue.Procedure) *string) textBox {
	return textBox{name: name, label: label, hint: hint, long: long,
		get: func(p *catalogue.Procedure) string { return *at(p) },
		set: func(p *catalogue.Procedure, value string) string { *at(p) = value; return "" }}
}

func areaBox(name, label, hint string, at func(*catalogue.Procedure) *string) textBox {
	b := lineBox(name, label, hint, 500, at)
	b.rows = 3
	return b
}

// listBox is a list, one a line or, for paragraphs, with an empty line between two.
func listBox(name, label, hint, between string, at func(*catalogue.Procedure) *[]string) textBox {
	return textBox{name: name, label: label, hint: hint, long: 8000, rows: 6,
		get: func(p *catalogue.Procedure) string { return strings.Join(*at(p), between) },
		set: func(p *catalogue.Procedure, value string) string {
			list := []string{}
			for _, one := range strings.Split(value, between) {
				if one = strings.TrimSpace(one); one != "" {
					list = append(list, one)
				}
			}
			*at(p) = list
			return ""
		}}
}

// numberBox is a whole number from 0 to most.
func numberBox(name, label, hint string, most int, at func(*catalogue.Procedure) *int) textBox {
	return textBox{name: name, label: label, hint: hint, number: true,
		get: func(p *catalogue.Procedure) string { return strconv.Itoa(*at(p)) },
		set: func(p *catalogue.Procedure, value string) string {
			n, err := strconv.Atoi(value)
			if value == "" {
				n, err = 0, nil
			}
			if err != nil || n < 0 || n > most {
				return label + "\u00a0: écrivez un nombre entier de 0 à " + strconv.Itoa(most) + "."
			}
			*at(p) = n
			return ""
		}}
}

func choiceBox[T ~string](name, label, hint string, at func(*catalogue.Procedure) *T, items ...web.Choice) textBox {
	return textBox{name: name, label: label, hint: hint, items: items,
		get: func(p *catalogue.Procedure) string { return string(*at(p)) },
		set: func(p *catalogue.Procedure, value string) string {
			for _, c := range items {
				if c.Value == value {
					*at(p) = T(value)
					return ""
				}
			}
			return label + "\u00a0: choisissez dans la liste."
		}}
}

func choice(value, label string) web.Choice { return web.Choice{Value: value, Label: label} }

// identityBox is the level of identity, which a definition holds as a number.
func identityBox() textBox {
	b := numberBox("identite", "Ce que la personne doit montrer d’elle", "", catalogue.IdentityPresence, func(p *catalogue.Procedure) *int { return &p.Identity })
	b.items = []web.Choice{choice("0", "Rien\u00a0: on peut rester anonyme"), choice("1", "Un nom et une adresse"), choice("2", "Un compte, conseillé"), choice("3", "FranceConnect, avec une autre voie"), choice("4", "Un passage au guichet")}
	return b
}

func lifeEvents() []web.Choice {
	var out []web.Choice
	for _, e := range catalogue.LifeEvents() {
		out = append(out, choice(e.Slug, e.Title))
	}
	return out
}

// textGroups are the cards of the page; paths are those of the procedure's check.
var textGroups = []struct {
	id, title, hint string
	paths           []string
	boxes           []textBox
}{
	{"presenter", "Présenter la démarche", "Ce que lisent les habitants avant de commencer.", []string{"title", "summary", "intro", "life_event"}, []textBox{
		lineBox("titre", "Titre", "", 120, func(p *catalogue.Procedure) *string { return &p.Title }),
		lineBox("resume", "À quoi elle sert, en une phrase", "", 300, func(p *catalogue.Procedure) *string { return &p.Summary }),
		listBox("introduction", "Explications", "Une ligne vide sépare deux paragraphes.", "\n\n", func(p *catalogue.Procedure) *[]string { return &p.Intro }),
		choiceBox("rubrique", "Rubrique du portail", "", func(p *catalogue.Procedure) *string { return &p.LifeEvent }, lifeEvents()...),
		listBox("mots", "Mots qui doivent mener ici", "Un par ligne\u00a0: ceux que l’on tape dans la recherche.", "\n", func(p *catalogue.Procedure) *[]string { return &p.Keywords }),
	}},
	{"pratique", "En pratique", "", []string{"cost", "minutes", "commitment", "alternatives", "service", "identity"}, []textBox{
		lineBox("cout", "Ce qu’elle coûte", "Par exemple\u00a0: Gratuit.", 300, func(p *catalogue.Procedure) *string { return &p.Cost }),
		numberBox("minutes", "Temps pour remplir le formulaire, en minutes", "", 240, func(p *catalogue.Procedure) *int { return &p.Minutes }),
		numberBox("engagement", "Réponse promise en jours ouvrés", "0\u00a0: pas de promesse. Les délais légaux courent de toute façon.", 250, func(p *catalogue.Procedure) *int { return &p.Commitment }),
		lineBox("service", "Service chargé de la démarche", "", 100, func(p *catalogue.Procedure) *string { return &p.Service }),
		identityBox(),
		areaBox("guichet", "Au guichet", "Comment faire sans écran.", func(p *catalogue.Procedure) *string { return &p.Alternatives.Counter }),
		areaBox("telephone", "Par téléphone", "", func(p *catalogue.Procedure) *string { return &p.Alternatives.Phone }),
		areaBox("courrier", "Par courrier", "", func(p *catalogue.Procedure) *string { return &p.Alternatives.Post }),
	}},
	{"loi", "Ce que dit la loi", "Un texte fixe ces règles. Ne les changez qu’avec lui\u00a0: une date fausse est une décision que la commune n’a jamais prise.", []string{"kind", "silence", "route"}, []textBox{
		choiceBox("nature", "Nature de la démarche", "", func(p *catalogue.Procedure) *catalogue.Kind { return &p.Kind },
			choice(string(catalogue.KindRequest), "Demande\u00a0: elle appelle une décision"), choice(string(catalogue.KindDeclaration), "Déclaration\u00a0: elle est enregistrée"), choice(string(catalogue.KindReport), "Signalement"), choice(string(catalogue.KindInformation), "Question ou document")),
		choiceBox("silence", "Ce que vaut le silence de la commune", "", func(p *catalogue.Procedure) *calendar.Effect { return &p.Silence.Effect },
			choice(string(calendar.Acceptance), "Il vaut accord"), choice(string(calendar.Rejection), "Il vaut refus"), choice(string(calendar.Declaration), "Rien\u00a0: c’est une déclaration"), choice(string(calendar.None), "Rien\u00a0: aucune décision n’en naît")),
		numberBox("mois", "Au bout de combien de mois", "Deux, sauf si un texte dit autrement (CRPA, article L.231-1).", 24, func(p *catalogue.Procedure) *int { return &p.Silence.Months }),
		lineBox("source", "Texte qui fixe l’effet du silence", "Par exemple\u00a0: CRPA L.231-4 1°.", 200, func(p *catalogue.Procedure) *string { return &p.Silence.Source }),
		choiceBox("recours", "Voie de recours contre un refus", "", func(p *catalogue.Procedure) *catalogue.Route { return &p.Route },
			choice("", "Aucune\u00a0: rien n’est décidé"), choice(string(catalogue.RouteCourt), "Tribunal administratif"), choice(string(catalogue.RouteCADA), "CADA, puis tribunal"), choice(string(catalogue.RoutePrefect), "Préfet, puis tribunal"), choice(string(catalogue.RoutePlanning), "Tribunal, règles de l’urbanisme")),
	}},
	{"donnees", "Données personnelles", "Ce que le formulaire dit de ce qu’il demande (RGPD, article\u00a013).", []string{"notice", "retention"}, []textBox{
		areaBox("finalite", "À quoi servent les réponses", "", func(p *catalogue.Procedure) *string { return &p.Notice.Purpose }),
		choiceBox("base", "Base", "", func(p *catalogue.Procedure) *string { return &p.Notice.Basis }, choice("6.1.e", "Mission d’intérêt public (6.1.e)"), choice("6.1.c", "Obligation légale (6.1.c)"), choice("", "À choisir")),
		lineBox("base_texte", "Texte qui la donne", "", 300, func(p *catalogue.Procedure) *string { return &p.Notice.BasisText }),
		listBox("destinataires", "Qui les reçoit", "Un par ligne.", "\n", func(p *catalogue.Procedure) *[]string { return &p.Notice.Recipients }),
		lineBox("duree", "Combien de temps elles sont gardées", "En mots, comme les habitants le lisent.", 300, func(p *catalogue.Procedure) *string { return &p.Notice.Retention }),
		areaBox("obligatoire", "Ce qui est obligatoire, et ce qui arrive sans", "", func(p *catalogue.Procedure) *string { return &p.Notice.Consequence }),
		lineBox("conservation", "Durée d’utilité administrative", "En mots.", 200, func(p *catalogue.Procedure) *string { return &p.Retention.Period }),
		numberBox("conservation_mois", "La même, en mois", "", 1200, func(p *catalogue.Procedure) *int { return &p.Retention.Months }),
		choiceBox("sort", "Sort final", "À convenir avec les Archives départementales.", func(p *catalogue.Procedure) *string { return &p.Retention.Disposal }, choice("elimination", "Élimination"), choice("conservation", "Conservation"), choice("tri", "Tri"), choice("", "À choisir")),
		lineBox("conservation_texte", "Texte de conservation", "", 300, func(p *catalogue.Procedure) *string { return &p.Retention.LegalBasis }),
	}},
}
