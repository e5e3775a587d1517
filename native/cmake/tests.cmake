# The native tests: test/unit/*_test.cc, test/stress/*_stress.cc and test/litmus/*_litmus.cc. Each file is one executable
# and one test of ctest, with its folder's name as label. GoogleTest's main() is there for those that bring none.
find_package(GTest REQUIRED)
file(GLOB support_files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/test/support/*.cc")
if(support_files)
  add_library(padata_test_support STATIC ${support_files})
  target_include_directories(padata_test_support PUBLIC test)
  target_link_libraries(padata_test_support PUBLIC padata_core)
endif()

function(padata_add_tests KIND SUFFIX)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/test/${KIND}/*_${SUFFIX}.cc")
  foreach(file ${files})
    get_filename_component(name "${file}" NAME_WE)
    add_executable(${name} "${file}")
    target_include_directories(${name} PRIVATE test)
    target_link_libraries(${name} PRIVATE $<TARGET_NAME_IF_EXISTS:padata_test_support> padata_functions padata_core
                                          GTest::gtest_main GTest::gtest)
    # As the addon is linked. The loader's lazy binding saves vector registers on the stack, keys in them included.
    target_link_options(${name} PRIVATE -Wl,-z,now)
    add_test(NAME ${KIND}/${name} COMMAND ${name})
    # One after the other: the tests are about pinned threads, and they use every CPU.
    set_tests_properties(${KIND}/${name} PROPERTIES LABELS ${KIND} TIMEOUT 600 RUN_SERIAL ON)
  endforeach()
endfunction()

padata_add_tests(unit test)
padata_add_tests(stress stress)
padata_add_tests(litmus litmus)
