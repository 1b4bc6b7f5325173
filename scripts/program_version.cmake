# SPDX-License-Identifier: GPL-3.0-or-later
# Write OUTPUT, a C source with VERSION and a hash of the contents of the files listed in LIST, one per line.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${LIST} sources)
set(hashes "")
foreach(source IN LISTS sources)
    file(SHA256 ${source} hash)
    get_filename_component(name ${source} NAME)
    string(APPEND hashes "${name} ${hash}\n")
endforeach()
string(SHA256 hash "${hashes}")
string(SUBSTRING ${hash} 0 12 hash)
file(CONFIGURE OUTPUT ${OUTPUT}
    CONTENT "#include \"provenance.h\"\nconst char program_version[] = \"@VERSION@+@hash@\";\n" @ONLY)
