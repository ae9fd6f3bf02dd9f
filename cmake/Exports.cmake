# The executable's symbols that shared objects of native modules need, as a list for the linker: -DNM= -DMODULES= -DOUT=.
# What a module has of the runtime's headers (inline variables) must be the executable's, so weak and data symbols count, too.
set(names)
foreach(module IN LISTS MODULES)
  execute_process(COMMAND ${NM} -D --format=posix ${module} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
  foreach(symbol IN LISTS symbols)
    # Not what it defines for itself (T), nor what has a version and so comes from a library.
    if(symbol MATCHES "^([A-Za-z0-9_.$]+) [A-SU-Zuvw]")
      list(APPEND names ${CMAKE_MATCH_1})
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES names)
list(SORT names)
list(JOIN names ";\n  " names)
set(text "{\n  ${names};\n};\n")
file(WRITE ${OUT} "${text}")
