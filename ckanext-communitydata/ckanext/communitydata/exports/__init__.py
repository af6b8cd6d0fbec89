"""What a record says, in other standards' words: schema.org and Croissant, Data Package, and a catalogue as a whole."""
