package subscription

import (
	_ "embed" // the plans
	"encoding/json"
)

//go:embed plans.json
var plansText []byte

// Plan is what a commune of a band of population pays.
type Plan struct {
	Key    string `json:"key"`
	Name   string `json:"name"`   // French
	UpTo   int    `json:"up_to"`  // inhabitants, included; 0: no limit
	Yearly int    `json:"yearly"` // euros a year, before VAT
}

// Later is the choice of a commune that has not chosen yet.
const Later = "later"

var plans = func() (list []Plan) {
	if err := json.Unmarshal(plansText, &list); err != nil || len(list) == 0 || list[len(list)-1].UpTo != 0 {
		panic("subscription: plans.json cannot be read") // it is part of the program
	}
	return list
}()

// PlanFor gives the plan of a commune by its inhabitants.
func PlanFor(population int) Plan {
	for _, p := range plans {
		if p.UpTo >= population {
			return p
		}
	}
	return plans[len(plans)-1]
}
