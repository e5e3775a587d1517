# Reads sources.gypi: each array NAME of it becomes the list padata_NAME.
file(READ "${CMAKE_CURRENT_SOURCE_DIR}/sources.gypi" padata_sources)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/sources.gypi")

function(padata_read NAME)
  string(JSON count LENGTH "${padata_sources}" variables ${NAME})
  set(list "")
  if(count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
      string(JSON item GET "${padata_sources}" variables ${NAME} ${index})
      list(APPEND list "${item}")
    endforeach()
  endif()
  set(padata_${NAME} "${list}" PARENT_SCOPE)
endfunction()

foreach(name core_files functions_files binding_files own_include_dirs addon_defines compile_flags optimize_flags
             link_flags system_libraries)
  padata_read(${name})
endforeach()
