package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/parvis-gru/parvis/tenants/communes"
)

// seedAddresses makes up an official address for most communes of the Haute-Garonne that
// the demonstration's hub does not look after, so that a portal can be opened by a code;
// for the others there is none, as happens.
func (d *demonstration) seedAddresses(ctx context.Context) error {
	var file strings.Builder
	for i, c := range communes.All() {
		if c.Department != "31" || c.EPCI == sicoval || i%5 == 0 || len(c.PostalCodes) == 0 {
			continue
		}
		fmt.Fprintf(&file, "%s;mairie@%s.example;%s%02d %02d;Mairie %s|1 place de la Mairie|%s %s\n",
			c.INSEE, communes.Slug(c.Name), fictionalPhone, i%100, 10+i%90, communes.Of(c.Name), c.PostalCodes[0], c.Name)
	}
	_, err := d.openings.LoadDirectory(ctx, strings.NewReader(file.String()), "adresses d’exemple")
	return err
}
