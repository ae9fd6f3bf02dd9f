// Symbol tables: for every block of a module its names and where each of them lives.
#pragma once

#include "vm/syntax/ast.h"
#include "vm/syntax/parse.h"

namespace pt::syntax {

enum class BlockType : uint8_t { Module, Class, Function, Annotation };

// What a block's own text says of a name. The values are those that the `symtable` module shows.
enum SymbolFlags : uint32_t {
  kDefGlobal = 1,          // global statement
  kDefLocal = 2,           // assigned
  kDefParam = 2 << 1,      // formal parameter
  kDefNonlocal = 2 << 2,   // nonlocal statement
  kUse = 2 << 3,           // read
  kDefFree = 2 << 4,       // used from an enclosing function
  kDefFreeClass = 2 << 5,  // free variable of a class's method that the class also binds
  kDefImport = 2 << 6,     // bound by import
  kDefAnnotation = 2 << 7,
  kDefCompIter = 2 << 8,  // comprehension iteration variable
  kDefWalrus = 1 << 16,   // target of an assignment expression (in the block that binds it)
  kDefBound = kDefLocal | kDefParam | kDefImport,
};

enum class NameScope : uint8_t { Unknown = 0, Local = 1, GlobalExplicit = 2, GlobalImplicit = 3, Free = 4, Cell = 5 };

struct Symbol {
  const Identifier* name;  // mangled
  uint32_t flags = 0;
  NameScope scope = NameScope::Unknown;
};

enum class ComprehensionKind : uint8_t { None, List, Set, Dict, Generator };

struct Scope {
  BlockType type = BlockType::Module;
  const void* node = nullptr;        // the AST node that opens it; the Mod for a module
  const Identifier* name = nullptr;  // "top", function or class name, "lambda", "listcomp", "genexpr" ...
  Scope* parent = nullptr;
  const Identifier* private_name = nullptr;  // innermost class, for mangling
  Seq<Symbol*> symbols;                      // in order of first appearance
  Seq<const Identifier*> parameters;  // in order: positional, keyword-only, *args, **kwargs (as in varnames)
  Seq<Scope*> children;               // in source order
  Span span;                          // of the node
  ComprehensionKind comprehension = ComprehensionKind::None;
  bool is_nested : 1 = false;  // inside a function
  bool has_free : 1 = false;   // uses names of enclosing functions
  bool child_has_free : 1 = false;
  bool is_generator : 1 = false;
  bool is_coroutine : 1 = false;
  bool has_varargs : 1 = false;
  bool has_varkeywords : 1 = false;
  bool returns_value : 1 = false;        // has `return x`
  bool needs_class_closure : 1 = false;  // class block whose methods use __class__ or super
  bool comp_iter_target : 1 = false;
  uint32_t slots_ = 0;  // capacity of table_
  Symbol** table_ = nullptr;

  // The symbol of a name as it is written in this scope's table (mangled), or null.
  Symbol* find(const Identifier* name) const;
  // Where the name lives seen from this scope; GlobalImplicit for a name that the scope does not mention.
  NameScope scope_of(const Identifier* name) const;
};

struct SymbolTable {
  Scope* top = nullptr;
  uint32_t count = 0;  // scopes
  uint32_t slots_ = 0;
  Scope** table_ = nullptr;
  bool future_annotations = false;  // annotations are not evaluated (PEP 563)
  bool future_barry = false;        // from __future__ import barry_as_FLUFL
  int32_t future_line = 0;          // line of the last future statement; a later one is the compiler's error
  Seq<SyntaxWarningInfo> warnings;  // what the compiler warns of: `is` with a literal, a call of a literal ...

  // The scope that this node (Mod, FunctionDef, ClassDef, Lambda, comprehension ...) opens, or null.
  Scope* scope_of(const void* node) const;
};

struct SymbolTableOptions {
  int recursion_limit = 3000;       // depth of nested nodes that gives RecursionError; at most 10000 counts
  bool future_annotations = false;  // from the compile flags
};

// `_Class__name` where `name` is private to the class called `private_name` (which may be null), else `name`.
const Identifier* mangle(Arena& arena, const Identifier* private_name, const Identifier* name);

// The table of the whole module; null with *error filled where the names contradict each other. The arena's.
// The error's text line is not set: the caller has the source.
SymbolTable* build_symbol_table(Arena& arena, const Mod* mod, SyntaxErrorInfo* error, const SymbolTableOptions& options = {});

}  // namespace pt::syntax
