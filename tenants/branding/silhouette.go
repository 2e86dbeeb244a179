package branding

// Silhouettes are the names of the drawings that can stand along a footer; the first
// is what a commune has that chose none. They show no sign of worship: a town hall is
// secular (law of 9 December 1905, art. 28).
var Silhouettes = []string{"village", "ville", "littoral", "montagne", "campagne"}

// NoSilhouette is the name of a footer without a drawing.
const NoSilhouette = "aucune"

// silhouettes are painted in currentColor, 1200 by 120, so that one drawing serves every
// colour; the paler parts stand behind.
var silhouettes = map[string]SVG{
	"village": `<path opacity=".45" d="M0 120V92l40-16 34 14V74h10v14l46-24 52 26V70l34-22 36 22v20l50-22 44 20V56h8v16l30-20 50 30 40-18 48 22V60l26-30 26 30v28l60-26 54 24 40-18V50h8v14l40 18 54-28 46 24 40-20 50 24V52l30-34 30 34v30l56-22 48 20 36-14V62h8v10l30 12v36Z"/>` +
		`<path d="M0 120v-18l30-12 38 16V92h8v12l44-18 40 16 36-26 38 26v4h16V66l14-18 1-4V20l14 6-12 6v12l1 4 14 18v44h30l34-22 40 20V86h9v13l41-19 46 22 30-10 36 14V88l34-20 36 20v18l46-18 34 14V86h8v13l42-17 52 22V74c0-14 10-20 22-24V40h4v10c12 4 22 10 22 24v30l44-14 38 14 34-20 40 20V90h8v10l40-16 42 18 28-12 34 12V86h9v14l31-14 40 20 20-8v22Z"/>`,
	"ville":    `<path opacity=".45" d="M0 120V36h53V39h21v-10h21v10h22V55h35V33l26-12 26 12V53l34-12 34 12V36l22-12 23 12V71h35V42h17v-10h17v10h17V70h52V35h57V72h27v-22h3v22h25V41l24-12 25 12V35h51V49h23v-10h23v10h23V66h52V62h17v-10h17v10h19V68l30-12 31 12V40l31-12 31 12V32h16v-10h16v10h18V70h63V64h67V39h55V34h0v-22h3v22h-2V120Z"/><path d="M0 120V75h19v-10h19v10h20V95l28-12 29 12V78h14v-10h14v10h14V72l16-12 17 12V65l22-12 23 12V76h41V80h32V78h16v-10h16v10h16V78h48V97h56V76h34V76h19v-10h19v10h20V96h54V94h17v-10h17v10h17V87h10v-10h10v10h12V76h53V71h29v-22h3v22h26V65h14v-10h14v10h15V68h33V96h13v-10h13v10h13V95l30-12 31 12V65h32V84h48V88l21-12 21 12V84h58V84h22v-22h3v22h19V120Z"/>`,
	"littoral": `<path opacity=".45" d="M0 120V92c80-22 150-26 240-12 60-22 120-24 190-8 70-4 120 2 170 14 90-10 170-8 250 4 60-16 130-20 200-6 60-4 110 0 150 6v30Z"/><path opacity=".45" d="m560 84-2-52 34 48Zm-6 0V38l-24 40ZM526 88h76l-12 12h-52ZM870 90l-1-40 24 36Zm-5 0V56l-17 30ZM846 92h54l-8 9h-37Z"/><path d="M152 114l6-54h-5v-5h5V43l12-10 12 10v12h5v5h-5l6 54ZM0 120v-14c40-12 90-16 140-10 40 4 70 4 110 10 30 4 50 0 75-2s50 8 75 6 50-8 75-6 50 8 75 6 50-8 75-6 50 8 75 6 50-8 75-6 50 8 75 6 50-8 75-6 50 8 75 6 50-8 75-6 50 8 75 6 50-8 75-6 25 6 50 6v14Z"/>`,
	"montagne": `<path opacity=".45" transform="translate(0 24)" d="M0 120V84l60-30 40 22 70-62 46 38 24-14 70 58 60-34 40 20 90-72 56 46 28-16 66 54 50-28 60 24 88-66 52 44 30-18 70 50 50-24 40 18 110-42v96Z"/><path d="M0 120v-18l70-28 54 24 66-44 60 42 50-20 70 30 80-52 70 46 60-24 74 34 66-40 70 34 54-20 66 28 80-46 70 40 60-22 80 26v30Z"/>`,
	"campagne": `<path opacity=".45" d="M0 120V90c90-30 180-34 290-14 90-32 190-34 300-8 100-28 210-28 320 0 100-24 200-22 290-2v54Z"/><path d="M0 120v-14c120-22 240-22 360-4 130-24 270-22 400 0 150-24 300-20 440 0v18Z"/><path d="M118 100V84a15 15 0 1 1 4 0v16Zm34-2V78a19 19 0 1 1 5 0v20ZM470 94V66l30-20 30 20v4h34v24Zm300 6V84a15 15 0 1 1 4 0v16Zm28-2V82a13 13 0 1 1 4 0v16Zm28 0V78a19 19 0 1 1 5 0v20ZM1000 98l4-40-14-16 3-3 13 13 13-13 3 3-14 16 4 40ZM590 92V70c0-26 4-40 7-40s7 14 7 40v22Zm24 0V72c0-22 3-34 6-34s6 12 6 34v20ZM1100 102V86a15 15 0 1 1 4 0v16Z"/>`,
}

// Silhouette gives the shapes of a drawing, to stand in an <svg> of 1200 by 120 that
// fills with currentColor; an unknown name, and "", give the first drawing's.
func Silhouette(name string) SVG {
	if name == NoSilhouette {
		return ""
	}
	if shapes, ok := silhouettes[name]; ok {
		return shapes
	}
	return silhouettes[Silhouettes[0]]
}

// IsSilhouette tells whether a name is one that can be chosen.
func IsSilhouette(name string) bool {
	_, ok := silhouettes[name]
	return ok || name == NoSilhouette
}
