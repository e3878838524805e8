//! Short files of short functions.

use syn::visit::{self, Visit};

use crate::tree::rust_files;

const FILE_LINES_MAX: usize = 500;

/// From `fn` to the closing brace, comments and blank lines included.
const FUNCTION_LINES_MAX: usize = 70;

#[derive(Default)]
struct Functions {
    long: Vec<String>,
}

impl Functions {
    fn check(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        let lines = last - first + 1;
        if lines > FUNCTION_LINES_MAX {
            self.long.push(format!("{}: {lines} lines", signature.ident));
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.check(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.check(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.check(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// Functions of a source file that are too long.
fn long_functions(text: &str) -> Vec<String> {
    let mut functions = Functions::default();
    functions.visit_file(&syn::parse_file(text).unwrap());
    functions.long
}

#[test]
fn files_are_short() {
    let is_long = |text: &str| text.lines().count() > FILE_LINES_MAX;
    let long: Vec<_> = rust_files().filter(|file| is_long(&file.text)).map(|file| &file.path).collect();
    assert!(long.is_empty(), "longer than {FILE_LINES_MAX} lines: {long:#?}");
}

#[test]
fn functions_are_short() {
    let long = rust_files().flat_map(|file| {
        long_functions(&file.text).into_iter().map(|function| format!("{}: {function}", file.path))
    });
    let long: Vec<_> = long.collect();
    assert!(long.is_empty(), "longer than {FUNCTION_LINES_MAX} lines: {long:#?}");
}

#[test]
fn long_functions_are_found_wherever_they_stand() {
    let function = |lines: usize| format!("fn long() {{{}}}", "\n".repeat(lines - 1));
    let (fits, long) = (function(FUNCTION_LINES_MAX), function(FUNCTION_LINES_MAX + 1));
    let places = |function: &str| {
        [
            function.to_owned(),
            format!("impl T {{ pub {function} }}"),
            format!("trait T {{ {function} }}"),
            format!("mod m {{ fn outer() {{ struct S; impl S {{ {function} }} }} }}"),
        ]
    };
    for source in places(&fits).iter().take(3) {
        assert!(long_functions(source).is_empty(), "{source}");
    }
    for source in places(&long) {
        assert!(long_functions(&source).contains(&"long: 71 lines".to_owned()), "{source}");
    }
}
