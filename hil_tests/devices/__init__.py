"""Models of the chips on the carrier, at the wire: they see edges on pins and answer with edges, as their datasheets say."""
