// Package plain judges the French that a town writes: is it plain, and can everybody read it?
//
// # What it owns
//
// [Check]: rules of our own, after the RGAA (images, links, headings, tables) and the advice on
// clear administrative language (short sentences, known words, no shouting). It reads plain
// text and the light marks that towns use: "# title", "[link](address)", "![image](address)",
// "| table |". What shuts somebody out blocks; what is only hard to read warns.
//
// # What it refuses
//
// It changes no text, keeps none, and knows nothing of procedures: any text that a town
// publishes can be given to it. Its time grows with the text's length, which [MaxText] bounds.
package plain
