#include "vm/main/command_line.h"

int main(int argc, char** argv) { return pt::run_main(argc, argv); }
