"""A configuration file of any format to the one Config that every format becomes, pure.

`choose` takes the file that counts, `recognise` its format. A format is a folder: `native`,
`circle`, `buildspec`, and `implied` for a project without a file. They share two ways:

- bytes to typed values: `source`, `compose` and `syntax` give the `tree`; a `schema` declares keys
  once, of the types in `values`; the `reader` reads them and collects `problems` with their places;
- what a text tells: `commands` of the programs that are run, `services` of the servers it names.

What must hold between jobs, whatever their format, is in `jobs`.
"""
