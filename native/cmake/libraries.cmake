# Flags for all targets, and the two libraries that the tests and benchmarks link with.

# In every build but a release the checks stay in and a debugger finds its way; NDEBUG is never set behind our back.
set(CMAKE_CXX_FLAGS_RELEASE "${padata_optimize_flags}")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${padata_compile_flags}>" -Werror)
add_link_options(-pthread)
include_directories(${padata_own_include_dirs})
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wthread-safety-beta)
endif()
if(PADATA_SANITIZE)
  add_compile_options(-fsanitize=${PADATA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PADATA_SANITIZE})
endif()

add_library(padata_core STATIC ${padata_core_files})
target_link_libraries(padata_core PUBLIC ${padata_system_libraries})
add_library(padata_functions STATIC ${padata_functions_files})
target_link_libraries(padata_functions PUBLIC ${padata_system_libraries})
